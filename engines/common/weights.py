"""Paths of an engine's weights on this machine. Nothing is downloaded here.

Under each root of `site.weights` a repository "org/name" is searched as the studio stores it, `<root>/org--name/<path>`, and then
as a Hugging Face cache, `<root>/models--org--name/snapshots/<commit>/<path>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engines.common.shards import index_of, indexed_files, indexed_paths
from engines.contract import Card, EnginePaths, HubFile, Readiness
from engines.contract.engine import DOWNLOAD, READY
from engines.contract.errors import EngineNotReady
from media.messages.message import Message

DATASET = "datasets/"
"""Begins the name of a repository that the hub keeps among its data sets: "datasets/org/name"."""

PART_SUFFIX = ".part"
"""Of a file that is still being downloaded; it is renamed when it is whole and checked."""


def weights_folder(site: EnginePaths, repo: str, paths: Iterable[str] = ()) -> Path:
    """Return the local folder of a hub repository, for libraries that accept one in place of its name.

    Args:
        repo: "org/name".
        paths: files that must all exist; () for the first folder found. Shards are those that an index beside them names.

    Raises:
        EngineNotReady: no root has it; the hint is the next step.
    """
    folder = find_weights(site, repo, paths)
    if folder is None:
        raise EngineNotReady("engine.weights-missing", weights=repo)
    return folder


def find_weights(site: EnginePaths, repo: str, paths: Iterable[str] = ()) -> Path | None:
    """Return the folder as `weights_folder`, or None if no root has all of `paths`."""
    wanted = tuple(paths)
    for folder in folders_of(site, repo):
        if all(is_whole(folder / path) for path in (indexed_paths(wanted, folder) if len(wanted) > 1 else wanted)):
            return folder
    return None


def find_file(site: EnginePaths, file: HubFile) -> Path | None:
    """Return the local path of one file of weights, None if it is on no root."""
    folder = find_weights(site, file.repo, (file.path,))
    return None if folder is None else folder / file.path


def missing_files(card: Card, site: EnginePaths) -> tuple[HubFile, ...]:
    """Return the files of the card that are on no root, with shards as their index names them."""
    return tuple(file for file in files_of(card, site) if find_file(site, file) is None)


def files_of(card: Card, site: EnginePaths) -> tuple[HubFile, ...]:
    """Return the files of the card, with shards as their index names them if it is installed."""
    return indexed_files(card.hub_files, lambda file: find_weights(site, file.repo, (index_of(file),)))


def weights_readiness(card: Card, site: EnginePaths) -> Readiness:
    """Ready when every file of the card is here; else one sentence with what is missing and its size."""
    missing = missing_files(card, site)
    if not missing:
        return READY
    size = sum(file.size_bytes for file in missing)
    gated = any(file.gated for file in missing)
    return missing_weights(size, missing=len(missing), total=len(card.hub_files), gated=gated)


def missing_weights(size: int, *, missing: int = 0, total: int = 0, gated: bool = False) -> Readiness:
    """Not ready, because `missing` of `total` files of weights are not here, of `size` bytes in all where that is known."""
    why = Message.of(
        "readiness.weights-missing", size=size_text(size) if size else "", some=missing < total, missing=missing, total=total,
        gated=gated,
    )  # fmt: skip
    return Readiness(False, why, DOWNLOAD)


def repo_folder_name(repo: str) -> str:
    """Return the studio's folder name of a repository: "org--name" for "org/name"."""
    return repo.replace("/", "--")


def folders_of(site: EnginePaths, repo: str) -> Iterator[Path]:
    """Yield every existing folder that may hold the repository, in search order."""
    for root in site.weights:
        own = root / repo_folder_name(repo)
        if own.is_dir():
            yield own
        kind = "" if repo.startswith(DATASET) else "models--"
        yield from _snapshots(root / f"{kind}{repo_folder_name(repo)}")


def is_whole(path: Path) -> bool:
    """Return whether a file exists and is not empty; a download in progress has another name."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _snapshots(cached: Path) -> Iterator[Path]:
    """Snapshots of a Hugging Face cache, the one that "main" points to first."""
    try:
        main = (cached / "refs" / "main").read_text("utf-8").strip()
    except (OSError, ValueError):
        main = ""
    try:
        found = sorted((cached / "snapshots").iterdir(), key=lambda folder: (folder.name != main, folder.name))
    except OSError:
        return
    yield from (folder for folder in found if folder.is_dir())


def size_text(count: float) -> str:
    """Bytes in a readable form: "2.4 GB", "35 MB", "12 kB"."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
