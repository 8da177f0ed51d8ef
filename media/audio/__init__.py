"""Sound: values, decoding, encoding, loudness."""

from __future__ import annotations

import warnings
from typing import Any


def __getattr__(name: str) -> Any:
    """`media.audio.Audio`, as it was until 0.9, answers until 1.0 for people's own engines."""
    if name != "Audio":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from media.audio.audio import Audio

    warnings.warn("media.audio.Audio is media.audio.audio.Audio now.", DeprecationWarning, stacklevel=2)
    return Audio
