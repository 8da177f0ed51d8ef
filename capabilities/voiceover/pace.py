"""Speech rates of engines on this machine, measured in finished work, for estimates."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from studio.files import write_json
from studio.jobs.runtime_stats import RuntimeEstimate, RuntimeStats, Workload

_OLD_SHARE = 0.7
_LEAST_CHARACTERS = 200
"""Less work than this says more about start-up than about pace."""

JOIN = "join"


@dataclass(frozen=True)
class SpeechRate:
    """Seconds of work, and seconds of speech, per character of text."""

    work: float
    speech: float


class SpeechRateStats:
    """Speech rates by engine id, in one small JSON file; a missing or damaged one counts as empty.

    Any thread may call any method; the lock guards the dictionary and is held while the file is written.

    Args:
        runs: keeps each run, for the range and the accuracy of estimates.
    """

    def __init__(self, path: Path, runs: RuntimeStats | None = None) -> None:
        self._path = path
        self._runs = runs
        self._lock = threading.Lock()
        self._paces = _read(path)

    def of(self, engine_id: str) -> SpeechRate | None:
        """Return the measurement, or None if this engine has not run yet."""
        with self._lock:
            return self._paces.get(engine_id)

    def spread(self, engine_id: str, characters: int) -> RuntimeEstimate | None:
        """Between what and what so much text took here; None while no run is kept."""
        return None if self._runs is None else self._runs.seconds(Workload(engine_id, "text", frames=max(1, characters)))

    def learn(self, engine_id: str, characters: int, work_seconds: float, speech_seconds: float) -> None:
        """Add a finished piece of work; the newest counts for about a third."""
        if characters < _LEAST_CHARACTERS or work_seconds <= 0 or speech_seconds <= 0:
            return
        if self._runs is not None and engine_id != JOIN:
            self._runs.learn(Workload(engine_id, "text", frames=characters), work_seconds)
        new = SpeechRate(work_seconds / characters, speech_seconds / characters)
        with self._lock:
            old = self._paces.get(engine_id, new)
            mixed = SpeechRate(_mix(old.work, new.work), _mix(old.speech, new.speech))
            self._paces[engine_id] = mixed
            with contextlib.suppress(OSError):  # a job must not fail because of an estimate
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_json(self._path, {name: asdict(pace) for name, pace in sorted(self._paces.items())})


def _mix(old: float, new: float) -> float:
    return _OLD_SHARE * old + (1 - _OLD_SHARE) * new


def _read(path: Path) -> dict[str, SpeechRate]:
    try:
        stored = json.loads(path.read_bytes())
        return {str(name): SpeechRate(float(pace["work"]), float(pace["speech"])) for name, pace in stored.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
