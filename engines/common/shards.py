"""The files of a checkpoint, by its own index if it is installed.

A card names the shards of its commit, so that their size is known before a download. The index (`model.safetensors.index.json`)
is the upstream list; if it names other files, these are the checkpoint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from engines.contract import HubFile

INDEX = ".safetensors.index.json"
_SHARD = re.compile(r"([A-Za-z0-9._/-]{1,200})-[0-9]{5}-of-[0-9]{5}\.safetensors")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,150}\.safetensors")


def indexed_paths(paths: Iterable[str], folder: Path) -> tuple[str, ...]:
    """Return the paths in a repository's folder, with the shards of each index in it in place of the given ones."""
    found: dict[str, None] = {}
    for path in paths:
        for name in _named_by_index(path, folder) or (path,):
            found[name] = None
    return tuple(found)


def indexed_files(files: Sequence[HubFile], folder_of: Callable[[HubFile], Path | None]) -> tuple[HubFile, ...]:
    """Return the same for files of several repositories.

    Args:
        folder_of: returns the folder of a file's repository, None without one.
    """
    known = {(file.repo, file.path): file for file in files}
    return tuple(dict.fromkeys(_as_indexed(files, known, folder_of)))


def index_of(file: HubFile) -> str:
    """Return the path of the index that names a shard, "" for other files."""
    shard = _SHARD.fullmatch(file.path)
    return f"{shard[1]}{INDEX}" if shard else ""


def _as_indexed(
    files: Iterable[HubFile], known: dict[tuple[str, str], HubFile], folder_of: Callable[[HubFile], Path | None]
) -> Iterator[HubFile]:
    for file in files:
        folder = folder_of(file) if index_of(file) else None
        named = _named_by_index(file.path, folder) if folder is not None else ()
        for path in named or (file.path,):
            yield known.get((file.repo, path)) or replace(file, path=path, sha256="")


def _named_by_index(path: str, folder: Path) -> tuple[str, ...]:
    """All shards of the checkpoint that `path` is one of; () without an index that names any."""
    shard = _SHARD.fullmatch(path)
    if shard is None:
        return ()
    index = folder / f"{shard[1]}{INDEX}"
    try:
        names = _names(index, index.stat().st_mtime_ns)
    except OSError:
        return ()
    inner = path.rpartition("/")[0]
    return tuple(f"{inner}/{name}" if inner else name for name in names)


@lru_cache(maxsize=64)
def _names(index: Path, _: int) -> tuple[str, ...]:
    """The files that an index names, in order; () when it is no index, or names anything but files beside it."""
    try:
        told = json.loads(index.read_text("utf-8"))["weight_map"].values()
        names = sorted(set(told))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(names) if all(isinstance(name, str) and _NAME.fullmatch(name) for name in names) else ()
