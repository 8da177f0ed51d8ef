"""The heat guard: no GPU work starts above one temperature until the chip has cooled below another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from media.messages.message import Message
from studio.callbacks import no_op

log = logging.getLogger(__name__)


class ThermalGuard:
    """Keeps whether admission is paused; `feel` is called with every reading.

    Between the two temperatures the state does not change, so that a chip at the limit does not open and close the gate with
    every reading. If the driver stops reporting the temperature, the guard opens.

    Args:
        pause_above: degrees Celsius; 0 disables the guard.
        resume_below: degrees Celsius, not above `pause_above`.
        tell: called once for each pause and each end of one.
    """

    def __init__(self, pause_above: float, resume_below: float, tell: Callable[[str, str], None] = no_op) -> None:
        self.pause_above = pause_above
        self.resume_below = min(resume_below, pause_above)
        self._tell = tell
        self._lock = threading.Lock()
        self._paused_at: float | None = None

    @property
    def paused(self) -> bool:
        return self._paused_at is not None

    @property
    def held(self) -> Message | None:
        """Why work on the GPU has to wait now, as a message; None if it need not."""
        hot = self._paused_at
        if hot is None:
            return None
        return Message.of("memory.gpu-too-hot", degrees=hot, above=self.pause_above, below=self.resume_below)

    @property
    def reason(self) -> str:
        """The same as a sentence; "" if it need not."""
        held = self.held
        return "" if held is None else held.reason()

    def feel(self, temperature: float | None) -> None:
        """Update the state with the present temperature; None if it is not reported."""
        if not self.pause_above:
            return
        with self._lock:
            was, now = self._paused_at, self._next(temperature)
            self._paused_at = now
        if was is None and now is not None:
            log.warning("%s", self.reason)
            self._tell("heat", f"The GPU reached {now:.0f} °C; new work on it is paused.")
        elif was is not None and now is None:
            told = "does not tell its temperature any more" if temperature is None else f"has cooled to {temperature:.0f} °C"
            self._tell("heat", f"The GPU {told}; work on it goes on.")

    def _next(self, temperature: float | None) -> float | None:
        if temperature is None or (self.paused and temperature < self.resume_below):
            return None
        return temperature if self.paused or temperature > self.pause_above else None
