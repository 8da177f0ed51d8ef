"""Former location of the request checks, until 0.9; remains until 1.0 for users' own engines."""

from __future__ import annotations

import warnings
from typing import Any

import engines.speech.common.request_checks as moved


def __getattr__(name: str) -> Any:
    found = getattr(moved, name)
    warnings.warn(f"{__name__} is engines.speech.common.request_checks now.", DeprecationWarning, stacklevel=2)
    return found
