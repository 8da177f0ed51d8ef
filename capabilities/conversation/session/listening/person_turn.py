"""A turn of the person while it goes on: its sound, its pauses, and the words that were understood so far."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from capabilities.conversation.session.listening.agreement import PartialAgreement
from capabilities.conversation.session.listening.speech_detector import JudgedWindow
from media.audio.voice_activity import RATE, WINDOW

PAUSE_WINDOWS = 6
"""Windows without speech after which somebody pauses: 0.19 s."""

LONGEST = 60.0
"""Seconds after which a turn ends wherever it is; recognisers take no more at once."""

PARTIAL_EVERY = 0.9
"""Seconds of new sound after which it is worth while to listen to what is still being said."""


class PersonTurn:
    """Made at its onset.

    Args:
        before: windows before it, for the beginning of its first word.
    """

    def __init__(self, id: str, before: Iterable[JudgedWindow] = ()) -> None:
        self.id = id
        self.agreement = PartialAgreement()
        self.text: str | None = None
        """Its words, once they are known for the present pause; None while they are not."""
        self.language = ""
        self.words_at = self.pause_at = -1
        self.pauses = 0
        """Rises with each pause and each going on, so that a late answer of the ear is known for one."""
        self.paused = False
        self.committed = False
        self.over_reply = False
        """It began while a reply was heard."""
        self._windows: list[JudgedWindow] = list(before)
        self._asked = self._stretch = 0

    @property
    def start(self) -> int:
        """Where its sound begins, on the session's clock."""
        return self._windows[0].at if self._windows else 0

    @property
    def speech_end(self) -> int:
        """Where its last speech ends."""
        return next((one.end for one in reversed(self._windows) if one.speech), self._windows[-1].end if self._windows else 0)

    @property
    def silence(self) -> float:
        """Seconds since then, in its own sound."""
        return self._windows[-1].quiet * WINDOW / RATE if self._windows else 0.0

    @property
    def speech_seconds(self) -> float:
        return sum(one.speech for one in self._windows) * WINDOW / RATE

    @property
    def stretch_seconds(self) -> float:
        """Of speech since the last pause."""
        return sum(one.speech for one in self._windows[self._stretch :]) * WINDOW / RATE

    @property
    def seconds(self) -> float:
        return len(self._windows) * WINDOW / RATE

    @property
    def sound(self) -> NDArray[np.float32]:
        """All of it, the silence at its end cut short."""
        windows = self._windows
        spare = max(0, (windows[-1].quiet if windows else 0) - PAUSE_WINDOWS)
        kept = windows[: len(windows) - spare] or windows
        return np.concatenate([one.samples for one in kept]) if kept else np.zeros(0, np.float32)

    @property
    def speech(self) -> NDArray[np.float32]:
        """Only the windows that count as speech."""
        loud = [one.samples for one in self._windows if one.speech]
        return np.concatenate(loud) if loud else np.zeros(0, np.float32)

    def take(self, window: JudgedWindow) -> bool:
        """The next window; whether a pause begins or ends with it."""
        self._windows.append(window)
        paused = window.quiet >= PAUSE_WINDOWS
        if paused is self.paused:
            return False
        self.paused = paused
        self.pauses += 1
        if not paused:
            self.text, self._stretch = None, len(self._windows) - 1
        return True

    def wants_partial(self) -> bool:
        """Whether enough was said since it was last listened to."""
        if self.paused or (len(self._windows) - self._asked) * WINDOW < PARTIAL_EVERY * RATE:
            return False
        self._asked = len(self._windows)
        return True
