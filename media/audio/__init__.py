"""Sound: values, decoding, encoding, loudness."""

from __future__ import annotations

import warnings
from typing import Any


def __getattr__(name: str) -> Any:
    """Return `media.audio.Audio` under its name of version 0.9, until 1.0, for engines from outside the studio."""
    if name != "Audio":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from media.audio.audio import Audio

    warnings.warn("media.audio.Audio is media.audio.audio.Audio now.", DeprecationWarning, stacklevel=2)
    return Audio
