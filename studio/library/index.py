"""The content of the outputs folder, read from the folder itself and only when it changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from media.messages.message import Message
from studio.library.licence_chain import LicenceFields, with_parents_terms
from studio.library.model import KIND_OF_EXTENSION, PEAKS_SUFFIX, RECIPE_SUFFIX, LibraryOutput
from studio.licences import LicenceTerms, no_terms

_YOUNG_SECONDS = 2.5
"""A folder changed so recently may change again without its time stamp moving: clocks of file systems are that coarse."""


class RecipeHeader(BaseModel):
    """The part of a recipe file that describes the output itself."""

    model_config = ConfigDict(extra="ignore")

    file: str
    kind: Literal["audio", "video", "image", "subtitles", "text", "archive"]
    title: str = ""
    created: float = Field(ge=0, allow_inf_nan=False)
    keep: bool = False
    found: bool = False
    duration: float | None = Field(None, ge=0, allow_inf_nan=False)
    companions: tuple[str, ...] = ()


class RecipeFile(LicenceFields):
    """The fields of a recipe file that lists need; the rest, such as a long script, is ignored."""

    model_config = ConfigDict(extra="ignore")

    output: RecipeHeader
    voice: str = ""
    job: str = ""


_File = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""

_Files = dict[str, _File]
_Known = tuple[object, LibraryOutput]


@dataclass
class OutputIndex:
    """The outputs of one folder. Not thread-safe: its owner must lock.

    While nothing has changed, a listing reads only the folder's time stamp, else it reads its entries once; a recipe is parsed
    again only if its own file has changed.

    Args:
        engine_terms: returns the licence of an engine by its id, for recipes that name only the engine.
    """

    folder: Path
    engine_terms: Callable[[str], LicenceTerms] = no_terms
    _outputs: tuple[LibraryOutput, ...] = ()
    _by_id: dict[str, LibraryOutput] = field(default_factory=dict)
    _recipes: dict[str, tuple[_File, RecipeFile | None]] = field(default_factory=dict)
    _files: _Files = field(default_factory=dict)
    _known: dict[str, _Known] = field(default_factory=dict)
    _seen: tuple[int, float] = (-1, 0.0)

    def outputs(self) -> tuple[LibraryOutput, ...]:
        """Return all outputs, newest first."""
        self._refresh()
        return self._outputs

    def by_id(self) -> dict[str, LibraryOutput]:
        self._refresh()
        return self._by_id

    def forget(self) -> None:
        """Read the folder again next time, whatever its time stamp."""
        self._seen = (-1, 0.0)

    def _refresh(self) -> None:
        modified = self.folder.stat().st_mtime_ns
        seen_modified, seen_at = self._seen
        if modified == seen_modified and seen_at - modified / 1e9 > _YOUNG_SECONDS:
            return
        self._seen = (modified, time.time())
        files = _scan(self.folder)
        if files == self._files:
            return
        self._files = files
        recipes = self._read_recipes(files)
        known = dict((*self._made(files, recipes), *self._found(files, recipes)))
        found = with_parents_terms({output.id: output for _, output in known.values()})
        outputs = sorted(found, key=lambda output: (output.created, output.id), reverse=True)
        self._known = known
        self._outputs = tuple(outputs)
        self._by_id = {output.id: output for output in outputs}

    def _read_recipes(self, files: _Files) -> dict[str, RecipeFile | None]:
        """Return recipes by stem; None for a recipe that cannot be read."""
        known: dict[str, tuple[_File, RecipeFile | None]] = {}
        for name, file in files.items():
            if name.endswith(RECIPE_SUFFIX):
                before = self._recipes.get(name)
                known[name] = before if before and before[0] == file else (file, _read_recipe(self.folder / name))
        self._recipes = known
        return {name.removesuffix(RECIPE_SUFFIX): recipe for name, (_, recipe) in known.items()}

    def _made(self, files: _Files, recipes: dict[str, RecipeFile | None]) -> Iterator[tuple[str, _Known]]:
        for stem, recipe in recipes.items():
            if recipe is not None and recipe.output.file in files:
                head = recipe.output
                own = (head.file, stem + RECIPE_SUFFIX, head.file + PEAKS_SUFFIX, *head.companions)
                basis = (recipe, *(files.get(name) for name in own))
                yield head.file, self._unless_known(head.file, basis, partial(self._output, stem, recipe, own, files))

    def _unless_known(self, id: str, basis: object, make: Callable[[], LibraryOutput]) -> _Known:
        """Return the output that was made before from the same files, or a new one."""
        known = self._known.get(id)
        return known if known is not None and known[0] == basis else (basis, make())

    def _output(self, stem: str, recipe: RecipeFile, own: tuple[str, ...], files: _Files) -> LibraryOutput:
        head = recipe.output
        return LibraryOutput(
            id=head.file,
            path=self.folder / head.file,
            kind=head.kind,
            title=head.title or stem,
            created=head.created,
            size=files[head.file][0],
            total_size=sum(files[name][0] for name in own if name in files),
            duration=head.duration,
            companions=tuple(self.folder / name for name in head.companions if name in files),
            keep=head.keep,
            found=head.found,
            engine=recipe.engine,
            voice=recipe.voice,
            job=recipe.job,
            parents=recipe.parents,
            terms=recipe.terms(self.engine_terms),
        )

    def _found(self, files: _Files, recipes: dict[str, RecipeFile | None]) -> Iterator[tuple[str, _Known]]:
        """Return files without a readable recipe: put here by hand, or left by a recipe that was damaged."""
        heads = [recipe.output for recipe in recipes.values() if recipe is not None and recipe.output.file in files]
        claimed = {name for head in heads for name in (head.file, *head.companions)}
        for name in files:
            stem, extension = split_name(name)
            if extension not in KIND_OF_EXTENSION or name in claimed:
                continue
            damaged = stem in recipes and recipes[stem] is None
            own = (name, name + PEAKS_SUFFIX, *((stem + RECIPE_SUFFIX,) if damaged else ()))
            basis = (damaged, *(files.get(one) for one in own))
            yield name, self._unless_known(name, basis, partial(self._found_output, name, damaged, own, files))

    def _found_output(self, name: str, damaged: bool, own: tuple[str, ...], files: _Files) -> LibraryOutput:
        stem, extension = split_name(name)
        return LibraryOutput(
            id=name,
            path=self.folder / name,
            kind=KIND_OF_EXTENSION[extension],
            title=stem,
            created=files[name][1] / 1e9,
            size=files[name][0],
            total_size=sum(files[one][0] for one in own if one in files),
            found=True,
            has_recipe=damaged,
            damage=Message.of("library.recipe-damaged").reason() if damaged else "",
        )


def split_name(name: str) -> tuple[str, str]:
    """Return stem and extension (with its dot, in lower case); quicker than a Path, for thousands of names."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending.lower()) if stem else (name, "")


def _scan(folder: Path) -> _Files:
    """Return the plain files of a folder; hidden ones, links and names that are not valid text are skipped."""
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
            files[entry.name] = (found.st_size, found.st_mtime_ns)
    return files


def _read_recipe(path: Path) -> RecipeFile | None:
    """Read a recipe. One that names a file of another stem, or of no known kind, counts as unreadable."""
    try:
        recipe = RecipeFile.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    stem, extension = split_name(recipe.output.file)
    fits = stem + RECIPE_SUFFIX == path.name and extension in KIND_OF_EXTENSION
    own = all("/" not in name and name.startswith(stem + ".") and name != recipe.output.file for name in recipe.output.companions)
    return recipe if fits and own else None
