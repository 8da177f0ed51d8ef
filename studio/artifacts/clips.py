"""Rendered shots, stored as files under the hash of all their inputs."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.video.write import count_pictures
from studio.files import write_json

FORMAT = 1
_PRUNE_TO = 0.9
_SAFE_SECONDS = 86_400.0


@dataclass(frozen=True)
class StoredShot:
    """One rendered shot: its file, its number of pictures, and what the engine reported."""

    key: str
    path: Path
    frames: int
    facts: dict[str, Any]


class ShotStore:
    """A cache of shots. A shot exists if its file has as many pictures as its note says; the note is written last. Any thread
    may call any method, because files appear by renames.

    Args:
        quota_bytes: the size that `prune` reduces the folder to; shots used within the last day are kept.
    """

    def __init__(self, root: Path, quota_bytes: int) -> None:
        self.root, self._quota = root, quota_bytes

    def path(self, key: str) -> Path:
        """Return the path of a shot, existing or to be written; its folder is made."""
        folder = self.root / key[:2]
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{key}.mp4"

    def has(self, key: str) -> bool:
        """Return whether a shot seems to exist: a quick check. `get` checks it completely."""
        path = self.root / key[:2] / f"{key}.mp4"
        return path.is_file() and path.with_suffix(".json").is_file()

    def get(self, key: str) -> StoredShot | None:
        """Return the shot, or None if it does not exist completely. Marks it as used now."""
        path = self.path(key)
        note = path.with_suffix(".json")
        try:
            told = json.loads(note.read_bytes())
            frames, facts = int(told["frames"]), dict(told["facts"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if count_pictures(path) != frames:
            note.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(note)
        return StoredShot(key, path, frames, facts)

    def keep(self, key: str, frames: int, facts: Mapping[str, Any]) -> StoredShot:
        """Add the finished file at `path(key)`."""
        path = self.path(key)
        write_json(path.with_suffix(".json"), {"frames": frames, "facts": dict(facts)})
        return StoredShot(key, path, frames, dict(facts))

    def prune(self) -> int:
        """Remove the shots unused for longest while the folder exceeds its quota; returns bytes freed."""
        pieces = []
        for path in self.root.rglob("*.mp4"):
            with contextlib.suppress(OSError):
                note = path.with_suffix(".json")
                used = (note if note.exists() else path).stat().st_mtime
                pieces.append((used, path.stat().st_size, path))
        total = sum(size for _, size, _ in pieces)
        freed = 0
        if total <= self._quota:
            return 0
        for used, size, path in sorted(pieces):
            if total - freed <= self._quota * _PRUNE_TO or used > time.time() - _SAFE_SECONDS:
                break
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            freed += size
        return freed
