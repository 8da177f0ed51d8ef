"""Uploads for swaps, stored until they are deleted, so that recipes can refer to them."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from media.video.images import is_image
from studio.errors import InvalidInput, NotFound
from studio.files import slug
from studio.paths import DataPaths

_ID = re.compile(r"[0-9a-f]{16}")
_SOUNDS = frozenset({".wav", ".mp3", ".flac", ".m4a", ".ogg", ".opus", ".aac"})
_NAME_BYTES = 80


@dataclass(frozen=True)
class Asset:
    """One stored file; `id` is the beginning of its SHA-256, `kind` is image, video or audio."""

    id: str
    path: Path
    kind: str
    size: int
    used: float

    @property
    def name(self) -> str:
        return self.path.name


class Assets:
    """The stored files of a folder, each in a folder of its own named by its content. Has no state; any thread may call any
    method.

    Args:
        folder: inside the uploads, so that jobs may read it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, path: Path) -> Asset:
        """Keep a file, or note that it was used again; the same content is kept once.

        Raises:
            InvalidInput: there is no such file.
        """
        path = path.resolve()
        if not path.is_file():
            raise InvalidInput("upload.gone")
        if path.is_relative_to(self._folder.resolve()):
            os.utime(path.parent)
            return _asset(path.parent)
        with path.open("rb") as file:
            home = self._folder / file_digest(file, "sha256").hexdigest()[:16]
        if not home.is_dir():
            staged = home.with_name(f".{home.name}.{os.getpid()}")
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir(parents=True)
            target = staged / (slug(path.stem, "file", _NAME_BYTES) + path.suffix.lower())
            try:
                os.link(path, target)
            except OSError:
                shutil.copyfile(path, target)
            staged.rename(home)
        os.utime(home)
        return _asset(home)

    def list(self, kind: str = "") -> list[Asset]:
        """Return the files of one kind, or all, the last used first."""
        homes = [home for home in self._folder.glob("*") if _ID.fullmatch(home.name) and any(home.iterdir())]
        found = [_asset(home) for home in homes]
        return sorted((one for one in found if kind in ("", one.kind)), key=lambda one: -one.used)

    def get(self, asset: str) -> Asset:
        """
        Raises:
            NotFound: no kept file has this id.
        """
        home = self._folder / asset
        if not _ID.fullmatch(asset) or not home.is_dir() or not any(home.iterdir()):
            raise NotFound("upload.not-kept")
        return _asset(home)

    def of(self, path: str) -> Asset | None:
        """Return the stored file of a job's path, if there is one."""
        home = Path(path).parent
        known = home.parent.resolve() == self._folder.resolve() and _ID.fullmatch(home.name)
        return _asset(home) if known and Path(path).is_file() else None

    def delete(self, asset: str) -> Asset:
        """Remove a kept file; results that were made of it stay.

        Raises:
            NotFound: no kept file has this id.
        """
        found = self.get(asset)
        shutil.rmtree(found.path.parent, ignore_errors=True)
        return found


def assets_of(paths: DataPaths) -> Assets:
    """Return the stored uploads of a studio."""
    return Assets(paths.root / "uploads" / "assets")


def _asset(home: Path) -> Asset:
    path = next(iter(sorted(home.iterdir())))
    kind = "audio" if path.suffix in _SOUNDS else "image" if is_image(path) else "video"
    return Asset(home.name, path, kind, path.stat().st_size, home.stat().st_mtime)
