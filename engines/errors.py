"""Where errors of engines were until 0.9; answers until 1.0 for people's own engines."""

from __future__ import annotations

import warnings
from typing import Any

import engines.contract.errors as moved


def __getattr__(name: str) -> Any:
    found = getattr(moved, name)
    warnings.warn(f"{__name__} is engines.contract.errors now.", DeprecationWarning, stacklevel=2)
    return found
