"""Unicode normalisation in linear time.

The standard algorithm sorts each run of combining marks by insertion: a letter with ten thousand marks takes seconds. As in
Unicode's stream-safe text format (UAX #15), a run is split after 30 marks; no word of any language has more on one letter.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

_LONGEST_RUN = 30
# Combining marks are neither letters nor digits nor ASCII; what else is neither may be cut too and is not changed by it.
_LONG_RUN = re.compile(rf"[^\w\x00-\x7f]{{{_LONGEST_RUN + 1},}}+")


def normalised(form: Form, text: str) -> str:
    """Return `unicodedata.normalize`, with runs of more than 30 combining marks normalised in parts."""
    if text.isascii() or not has_long_runs(text):
        return unicodedata.normalize(form, text)
    parts, done = [], 0
    for run in _LONG_RUN.finditer(text):
        for end in range(run.start() + _LONGEST_RUN, run.end(), _LONGEST_RUN):
            parts.append(unicodedata.normalize(form, text[done:end]))
            done = end
    return "".join((*parts, unicodedata.normalize(form, text[done:])))


def is_composed(text: str) -> bool:
    """Return whether the text is in NFC; False as well for long runs of combining marks."""
    return text.isascii() or (not has_long_runs(text) and unicodedata.is_normalized("NFC", text))


def has_long_runs(text: str) -> bool:
    """Return whether there are more than 30 combining marks, or possible ones, in a row."""
    return _LONG_RUN.search(text) is not None
