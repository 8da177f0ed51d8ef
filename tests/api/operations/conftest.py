"""Fixtures of the engines and servers that the calls reach."""

from tests.engines.swap.conftest import face
from tests.studio.comfyui.conftest import shared_stand_in, stand_in

__all__ = ["face", "shared_stand_in", "stand_in"]
