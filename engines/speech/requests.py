"""Where the checks of speech requests were until 0.9; answers until 1.0 for people's own engines."""

from __future__ import annotations

import warnings
from typing import Any

import engines.speech.common.request_checks as moved


def __getattr__(name: str) -> Any:
    found = getattr(moved, name)
    warnings.warn(f"{__name__} is engines.speech.common.request_checks now.", DeprecationWarning, stacklevel=2)
    return found
