"""Fixtures of the face swap engine, whose inputs are prepared here."""

from tests.engines.swap.conftest import face, finder, swapper

__all__ = ["face", "finder", "swapper"]
