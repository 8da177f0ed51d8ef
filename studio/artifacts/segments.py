"""Rendered pieces of sound, stored under the hash of all their inputs."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from media.audio.audio import Audio
from media.errors import MediaError
from studio.errors import StorageError
from studio.files import remove_staging_files, write_atomic

log = logging.getLogger(__name__)

FORMAT = 1
"""Part of every key: raised when a stored piece would have to be read in another way."""

PRUNE_TO = 0.9
"""A full cache is emptied to this part of its quota, so that it is not pruned again at the next piece."""


def nothing_protected() -> float | None:
    return None


@dataclass(frozen=True)
class Segment:
    """One rendered piece: its sound, and the data stored with it (timings, words, phonemes, checks, engine seconds)."""

    key: str
    audio: Audio
    data: dict[str, Any]
    path: Path


class SegmentStore:
    """A cache of rendered pieces, one float WAV and one small JSON file each.

    The sound is stored as 32-bit float, so reading returns exactly the samples that were stored, also beyond full scale. After
    rendering a piece, continue with the result of `get`, not with what was passed to `put`: then a resumed job and an
    uninterrupted one work on the same bytes.

    Whether a piece exists is determined from the files: both exist, the sound can be decoded, is not empty, and agrees with the
    JSON's frames, rate, channels and checksum. Otherwise it is removed and counts as missing. The JSON is written last, so a
    piece that was interrupted by a kill has none.

    Threads: any thread may call any method. Writing and removing hold the lock, so that no thread removes half of a piece that
    another is completing; reading holds none. One server process owns the folder.
    """

    def __init__(self, root: Path, quota_bytes: int, protected_since: Callable[[], float | None] = nothing_protected) -> None:
        """Args:
            quota_bytes: the size that `prune` reduces the cache to.
            protected_since: returns seconds since the epoch; a piece stored or read after that is never pruned (the start of the
                oldest job that has not ended, which reads each of its pieces as it goes). None protects nothing.

        Raises:
            StorageError: the folder cannot be made.
        """
        self.root, self.quota_bytes = root, quota_bytes
        self._protected_since = protected_since
        self._completing = threading.Lock()
        self._opened = time.time()
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _storage_error(error) from error

    @staticmethod
    def key(parts: Mapping[str, Any]) -> str:
        """Return the hash of all inputs of a piece: JSON values only, in any order of keys.

        Raises:
            TypeError, ValueError: a value has no exact form in JSON (a path, a set, a NaN).
        """
        exact = json.dumps([FORMAT, parts], sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(exact.encode("utf-8", "surrogatepass")).hexdigest()

    def path(self, key: str) -> Path:
        """Return the path of a piece's sound, whether or not it exists."""
        return self._folder(key) / f"{key}.wav"

    def has(self, key: str) -> bool:
        """Return whether a piece seems to exist: a quick check, for plans and estimates. `get` checks it completely."""
        return self.path(key).is_file() and self._note(key).is_file()

    def get(self, key: str) -> Segment | None:
        """Return the piece, or None if it does not exist completely. Marks it as used now."""
        try:
            segment = self._read(key)
        except FileNotFoundError:
            segment = None
        except (OSError, ValueError, KeyError, TypeError, MediaError, soundfile.SoundFileError) as error:
            log.warning("The rendered piece %s is damaged and will be made again: %s", key[:12], type(error).__name__)
            segment = None
        if segment is None:
            self._remove_unless_whole(key)
            return None
        with contextlib.suppress(OSError):
            os.utime(self._note(key))
        return segment

    def put(self, key: str, audio: Audio, data: Mapping[str, Any]) -> Segment:
        """Store a piece, on the disk before this returns, and return it as `get` would.

        Raises:
            MediaError: the sound is empty.
            StorageError: the disk is full or cannot be written; nothing is left behind.
        """
        if audio.frames == 0:
            raise MediaError("storage.piece-without-sound")
        samples = np.ascontiguousarray(audio.samples, dtype="<f4")
        note = {
            "rate": audio.rate,
            "channels": audio.channels,
            "frames": audio.frames,
            "sha256": hashlib.sha256(samples.tobytes()).hexdigest(),
            "data": dict(data),
        }
        sound = io.BytesIO()
        soundfile.write(sound, samples, audio.rate, format="WAV", subtype="FLOAT")
        words = json.dumps(note, ensure_ascii=False, allow_nan=False).encode()
        try:
            self._folder(key).mkdir(exist_ok=True)
            with self._completing:
                write_atomic(self.path(key), sound.getvalue())
                write_atomic(self._note(key), words)
        except OSError as error:
            raise _storage_error(error) from error
        return Segment(key, Audio(samples, audio.rate), json.loads(words)["data"], self.path(key))

    def annotate(self, key: str, data: Mapping[str, Any]) -> None:
        """Store a result of a later check of a piece; it is removed with the piece.

        Raises:
            StorageError: the disk is full or cannot be written.
        """
        try:
            self._folder(key).mkdir(exist_ok=True)
            with self._completing:
                write_atomic(self._annotation(key), json.dumps(dict(data), ensure_ascii=False, allow_nan=False).encode())
        except OSError as error:
            raise _storage_error(error) from error

    def annotation(self, key: str) -> dict[str, Any] | None:
        """Return what `annotate` stored last, None if there is nothing readable."""
        try:
            found = json.loads(self._annotation(key).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def drop_sound(self, key: str) -> None:
        """Remove a piece but keep its annotation."""
        with self._completing:
            self._note(key).unlink(missing_ok=True)
            self.path(key).unlink(missing_ok=True)

    def remove(self, key: str) -> None:
        """Remove a piece, if it exists."""
        with self._completing:
            self._annotation(key).unlink(missing_ok=True)
            self._note(key).unlink(missing_ok=True)
            self.path(key).unlink(missing_ok=True)

    def usage_bytes(self) -> int:
        """Return the size of the cache on disk."""
        return sum(size for _, _, size in self._pieces())

    def prune(self) -> int:
        """Remove incomplete pieces and, above the quota, the pieces unused for longest; returns bytes freed."""
        since = self._protected_since()
        for folder in self._folders():
            remove_staging_files(folder, older_than=self._opened)
        pieces = self._pieces()
        total = sum(size for _, _, size in pieces)
        goal, freed = self.quota_bytes * PRUNE_TO, 0
        if total <= self.quota_bytes:
            return 0
        for used, key, size in sorted(pieces):
            if total - freed <= goal or (since is not None and used >= since):
                break
            self.remove(key)
            freed += size
        return freed

    def _folder(self, key: str) -> Path:
        return self.root / key[:2]

    def _note(self, key: str) -> Path:
        return self._folder(key) / f"{key}.json"

    def _annotation(self, key: str) -> Path:
        return self._folder(key) / f"{key}.found"

    def _read(self, key: str) -> Segment | None:
        note = json.loads(self._note(key).read_bytes())
        samples, rate = soundfile.read(self.path(key), dtype="float32", always_2d=True)
        exact = np.ascontiguousarray(samples, dtype="<f4")
        agrees = (*exact.shape, rate) == (note["frames"], note["channels"], note["rate"])
        if not (agrees and exact.size and hashlib.sha256(exact.tobytes()).hexdigest() == note["sha256"]):
            raise ValueError("sound and note disagree")
        return Segment(key, Audio(exact, rate), dict(note["data"]), self.path(key))

    def _remove_unless_whole(self, key: str) -> None:
        if not (self.path(key).exists() or self._note(key).exists()):
            return
        with self._completing:
            with contextlib.suppress(Exception):
                if self._read(key) is not None:
                    return  # another thread completed it meanwhile
            self._note(key).unlink(missing_ok=True)
            self.path(key).unlink(missing_ok=True)

    def _folders(self) -> list[Path]:
        return [Path(entry.path) for entry in os.scandir(self.root) if entry.is_dir(follow_symlinks=False)]

    def _pieces(self) -> list[tuple[float, str, int]]:
        """Return last use, key and size of everything in the cache, complete or not."""
        found: dict[str, tuple[float, int]] = {}
        for folder in self._folders():
            for entry in os.scandir(folder):
                key, dot, _ = entry.name.partition(".")
                if not (key and dot):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    facts = entry.stat()
                    used, size = found.get(key, (0.0, 0))
                    found[key] = (max(used, facts.st_mtime), size + facts.st_size)
        return [(used, key, size) for key, (used, size) in found.items()]


def _storage_error(error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError("storage.full", retryable=True)
    return StorageError("storage.pieces-not-writable")
