"""Outputs with their recipes: added completely, listed from the files themselves, deleted with everything that belongs to
them."""

from __future__ import annotations

from studio.library.library import Library
from studio.library.model import (
    KINDS,
    SERVED_EXTENSIONS,
    LibraryOutput,
    NotEnoughSpace,
    Removal,
    Usage,
)
from studio.library.recipe import Recipe, RecipeInput

__all__ = [
    "KINDS", "SERVED_EXTENSIONS", "Library", "NotEnoughSpace", "LibraryOutput", "Recipe", "RecipeInput", "Removal", "Usage",
]  # fmt: skip
