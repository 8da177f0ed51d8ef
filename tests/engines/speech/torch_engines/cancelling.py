"""How long an engine goes on after it was asked to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from engines.contract import SpeechRequest
from media.errors import Cancelled
from tests.engines.speech.torch_engines.remote import Remote


def seconds_to_cancel(remote: Remote, when: Callable[[], bool], request: SpeechRequest) -> float:
    """Keep it speaking, each time with another seed; ask it to stop as soon as `when` says so, and tell how long that took."""
    asked: list[float] = []
    over = threading.Event()

    def ask() -> None:
        while not when() and not over.is_set():
            time.sleep(0.01)
        asked.append(time.monotonic())
        remote.run.cancelled = True

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        with pytest.raises(Cancelled):
            for seed in range(10_000):
                remote.synthesize(replace(request, seed=seed))
        return time.monotonic() - asked[0]
    finally:
        over.set()
        asking.join()
        remote.run.cancelled = False
