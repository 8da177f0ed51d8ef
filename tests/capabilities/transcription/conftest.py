"""Fixtures of the transcription engines."""

from tests.engines.transcription.conftest import environments, listening_site, weights

__all__ = ["environments", "listening_site", "weights"]
