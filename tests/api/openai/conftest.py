"""Fixtures of the transcription engines."""

from tests.engines.transcription.conftest import weights

__all__ = ["weights"]
