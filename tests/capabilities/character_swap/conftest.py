"""Fixtures of the face swap engine."""

from tests.engines.swap.conftest import face, finder, swapper

__all__ = ["face", "finder", "swapper"]
