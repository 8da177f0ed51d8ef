"""Whether an engine can work now, as messages that read in the language of whoever looks at them."""

from __future__ import annotations

from dataclasses import dataclass

from media.messages.message import Message


@dataclass(frozen=True)
class Readiness:
    """Whether an engine can work now; if not, what is missing and the next step.

    Args:
        why: a message of a catalogue. A finished sentence is taken from engines outside the studio.
        step: the next step, likewise; "" where there is none.
    """

    ready: bool
    why: Message | str
    step: Message | str = ""

    @property
    def sentence(self) -> str:
        """What is the case, in the language of this request."""
        return str(self.why)

    @property
    def next_step(self) -> str:
        """What to do, in the language of this request."""
        return str(self.step)


READY = Readiness(True, Message.of("readiness.ready"))
DOWNLOAD = Message.of("step.download-weights")
COMPLETE_COPY = Message.of("step.complete-copy")
BY_LAUNCH = Message.of("step.start-by-launch")
