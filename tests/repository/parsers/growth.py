"""How the time that a reader takes grows with the length of what it reads.

Time is the processor's, of this thread alone, at sizes four times apart: linear work takes four times as long, quadratic sixteen
times. What seems to grow too fast is measured again, and the least of three runs counts. What takes a few milliseconds at the
largest size is not measured.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from studio.errors import GreenroomError

SIZES = (256, 1024, 4096, 16_384)
UNMEASURED_SECONDS = 0.08
MOST_GROWTH = 9.0
AGAIN = 2

Read = Callable[[str], object]


def seconds(read: Read, text: str) -> float:
    begun = time.thread_time()
    with contextlib.suppress(GreenroomError, ValueError):
        read(text)
    return time.thread_time() - begun


def growth(read: Read, shape: Callable[[int], str]) -> str:
    """ "" when the time is linear in the length, otherwise what was measured."""
    before = UNMEASURED_SECONDS / MOST_GROWTH
    for size in SIZES:
        text = shape(size)
        needed, most = seconds(read, text), max(UNMEASURED_SECONDS, MOST_GROWTH * before)
        for _ in range(AGAIN):
            if needed > most:
                needed = min(needed, seconds(read, text))
        if needed > most:
            return f"{size} characters of {text[:24]!r}: {needed:.2f} s after {before:.3f} s for a quarter"
        before = max(needed, UNMEASURED_SECONDS / MOST_GROWTH)
    return ""


PATTERNS = [
    "a", " ", "\n", "#", "[", "(", '"', "“", "'", "`", ":", "=", "1", "1,", "1.", ".", ". . ", "-", "–", "_",
    "*", "/", "@", "<", "\\",
    "token", "token ", "token-", "api_key", "bearer ", "http://", "http://a:", "://a:", "a:", "[pause ", "[pause 1", "(a=",
    "好", "好。",
    "「好。」",
    "A. ", "word ", "Anna: hi\n", "# a\n", "\u0301\u0323", "a\u0301\u0323", "\u200b", "\u200b ", "?!", "…", "-->",
    "\n \n", "00:",
    "hf_", "/home/", "~/", "$1,", "www.", "é", "\U0001f600\u200d",
]  # fmt: skip
FRAMES = [("", ""), ("# a", "b"), ("A (a=", "=): hi"), ("Anna ", "b:c"), ("[pause 1", "x] a"), ("token", "\x00"), ("1\n0:", "")]
