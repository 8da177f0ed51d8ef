"""What lies in the outputs folder, read from the folder itself and only as often as it changes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.library.model import KIND_OF_EXTENSION, PEAKS_SUFFIX, RECIPE_SUFFIX, Output

_YOUNG_SECONDS = 2.5
"""A folder changed so recently may change again without its time stamp moving: clocks of file systems are that coarse."""


class Head(BaseModel):
    """The part of a recipe file that is about the output itself."""

    model_config = ConfigDict(extra="ignore")

    file: str
    kind: Literal["audio", "video", "image", "subtitles", "archive"]
    title: str = ""
    created: float = Field(ge=0, allow_inf_nan=False)
    keep: bool = False
    found: bool = False
    duration: float | None = Field(None, ge=0, allow_inf_nan=False)
    companions: tuple[str, ...] = ()


class RecipeFile(BaseModel):
    """What lists need of a recipe file; the rest, a long script perhaps, is passed over."""

    model_config = ConfigDict(extra="ignore")

    output: Head
    engine: str = ""
    voice: str = ""
    licence: str = ""
    commercial_use: bool | None = None
    job: str = ""
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class _File:
    size: int
    modified_ns: int


@dataclass
class Index:
    """The outputs of one folder. Not locked: its owner lets one thread in at a time.

    A listing costs one look at the folder's time stamp while nothing has changed, else one pass over its entries; a recipe
    is parsed again only when its own file has changed.
    """

    folder: Path
    _outputs: tuple[Output, ...] = ()
    _by_id: dict[str, Output] = field(default_factory=dict)
    _recipes: dict[str, tuple[_File, RecipeFile | None]] = field(default_factory=dict)
    _seen: tuple[int, float] = (-1, 0.0)

    def outputs(self) -> tuple[Output, ...]:
        """All outputs, newest first."""
        self._refresh()
        return self._outputs

    def by_id(self) -> dict[str, Output]:
        self._refresh()
        return self._by_id

    def forget(self) -> None:
        """Look again next time, whatever the folder's time stamp says."""
        self._seen = (-1, 0.0)

    def _refresh(self) -> None:
        modified = self.folder.stat().st_mtime_ns
        seen_modified, seen_at = self._seen
        if modified == seen_modified and seen_at - modified / 1e9 > _YOUNG_SECONDS:
            return
        self._seen = (modified, time.time())
        files = _scan(self.folder)
        recipes = self._read_recipes(files)
        outputs = [*self._made(files, recipes), *self._found(files, recipes)]
        outputs.sort(key=lambda output: (output.created, output.id), reverse=True)
        self._outputs = tuple(outputs)
        self._by_id = {output.id: output for output in outputs}

    def _read_recipes(self, files: dict[str, _File]) -> dict[str, RecipeFile | None]:
        """By stem; None for a recipe that cannot be read."""
        known: dict[str, tuple[_File, RecipeFile | None]] = {}
        for name, file in files.items():
            if name.endswith(RECIPE_SUFFIX):
                before = self._recipes.get(name)
                known[name] = before if before and before[0] == file else (file, _read_recipe(self.folder / name))
        self._recipes = known
        return {name.removesuffix(RECIPE_SUFFIX): recipe for name, (_, recipe) in known.items()}

    def _made(self, files: dict[str, _File], recipes: dict[str, RecipeFile | None]) -> list[Output]:
        made = []
        for stem, recipe in recipes.items():
            if recipe is not None and recipe.output.file in files:
                made.append(self._output(stem, recipe, files))
        return made

    def _output(self, stem: str, recipe: RecipeFile, files: dict[str, _File]) -> Output:
        head = recipe.output
        companions = [name for name in head.companions if name in files and name != head.file]
        belonging = [head.file, *companions, stem + RECIPE_SUFFIX, head.file + PEAKS_SUFFIX]
        return Output(
            id=head.file,
            path=self.folder / head.file,
            kind=head.kind,
            title=head.title or stem,
            created=head.created,
            size=files[head.file].size,
            total_size=sum(files[name].size for name in belonging if name in files),
            duration=head.duration,
            companions=tuple(self.folder / name for name in companions),
            keep=head.keep,
            found=head.found,
            engine=recipe.engine,
            voice=recipe.voice,
            licence=recipe.licence,
            commercial_use=recipe.commercial_use,
            job=recipe.job,
            parents=recipe.parents,
        )

    def _found(self, files: dict[str, _File], recipes: dict[str, RecipeFile | None]) -> list[Output]:
        """Files that no readable recipe speaks of: put here by hand, or left by a recipe that was damaged."""
        heads = [recipe.output for recipe in recipes.values() if recipe is not None and recipe.output.file in files]
        claimed = {name for head in heads for name in (head.file, *head.companions)}
        found = []
        for name, file in files.items():
            stem, extension = split_name(name)
            kind = KIND_OF_EXTENSION.get(extension)
            if kind is None or name in claimed:
                continue
            damaged = stem in recipes and recipes[stem] is None
            own = [name, name + PEAKS_SUFFIX, *([stem + RECIPE_SUFFIX] if damaged else [])]
            found.append(
                Output(
                    id=name,
                    path=self.folder / name,
                    kind=kind,
                    title=stem,
                    created=file.modified_ns / 1e9,
                    size=file.size,
                    total_size=sum(files[one].size for one in own if one in files),
                    found=True,
                    has_recipe=damaged,
                    damage="Its recipe cannot be read, so how it was made is not known." if damaged else "",
                )
            )
        return found


def split_name(name: str) -> tuple[str, str]:
    """Stem and ending with its dot in lower case; quicker than a Path, for thousands of names."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending.lower()) if stem else (name, "")


def _scan(folder: Path) -> dict[str, _File]:
    """The plain files of a folder; hidden ones, links and names that are no text are passed over."""
    files = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
                    continue
                entry.name.encode()
                found = entry.stat(follow_symlinks=False)
            except (OSError, UnicodeEncodeError):
                continue
            files[entry.name] = _File(found.st_size, found.st_mtime_ns)
    return files


def _read_recipe(path: Path) -> RecipeFile | None:
    """A recipe that names a file of another stem, or of no known kind, is as good as unreadable."""
    try:
        recipe = RecipeFile.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    stem, extension = split_name(recipe.output.file)
    fits = stem + RECIPE_SUFFIX == path.name and extension in KIND_OF_EXTENSION
    own = all("/" not in name and name.startswith(stem + ".") for name in recipe.output.companions)
    return recipe if fits and own else None
