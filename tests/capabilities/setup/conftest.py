"""Fixtures of environments and of the pip that stands in."""

from tests.studio.environments.conftest import installed, installed_once, place, told

__all__ = ["installed", "installed_once", "place", "told"]
