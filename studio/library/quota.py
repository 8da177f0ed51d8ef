"""The disk space of outputs, and which of them are removed if they exceed the settings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from media.messages.message import Message
from studio.files import write_atomic
from studio.library.model import LibraryOutput, NotEnoughSpace, Removal, Usage

GIB = 2**30
DAY_SECONDS = 86_400
KEPT_REMOVALS = 500
SPARE_BYTES = 512 * 2**20
"""Left free beyond what a job asks for: the databases and the desktop use the same disk."""


def usage_of(outputs: Iterable[LibraryOutput], quota_bytes: int, folder: Path) -> Usage:
    """Return bytes and numbers of `outputs` by kind, with the quota and the free space on the disk of `folder`."""
    by_kind: dict[str, int] = {}
    counts: dict[str, int] = {}
    for output in outputs:
        by_kind[output.kind] = by_kind.get(output.kind, 0) + output.total_size
        counts[output.kind] = counts.get(output.kind, 0) + 1
    return Usage(by_kind, counts, quota_bytes, shutil.disk_usage(folder).free)


def check_free_space(folder: Path, needed: int, what: str) -> None:
    """Check that the disk of `folder` has room for `needed` bytes and SPARE_BYTES.

    Raises:
        NotEnoughSpace: with the numbers; `what` says what the bytes are for.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise NotEnoughSpace(
            "library.disk-too-small", free=_size(free), what=what, needed=_size(needed), spare=_size(SPARE_BYTES)
        )


def _size(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / 2**20:.0f} MiB"


def removals(
    outputs: Sequence[LibraryOutput], quota_bytes: int, retention_days: float, now: float, in_use: Collection[str] = ()
) -> Iterator[tuple[LibraryOutput, Removal]]:
    """Return which of `outputs` (newest first) retention and quota remove, in the order of removal, and why.

    The newest output is kept even if it is larger than the quota, because somebody is waiting for it.
    """
    total = sum(output.total_size for output in outputs)
    may_go = [output for output in reversed(outputs) if not output.keep and output.id not in in_use]
    for output in may_go:
        days = (now - output.created) / DAY_SECONDS
        if retention_days and days > retention_days:
            reason = Message.of("library.removed-as-old", days=days, limit=retention_days).reason()
        elif total > quota_bytes and output is not outputs[0]:
            reason = Message.of("library.removed-for-quota", total=total / GIB, quota=quota_bytes / GIB).reason()
        else:
            continue
        total -= output.total_size
        yield output, Removal(output.id, output.title, output.total_size, now, reason)


@dataclass(frozen=True)
class RemovalLog:
    """The latest removals, one JSON object a line, so that the user can see what was removed."""

    path: Path

    def add(self, removed: Iterable[Removal]) -> None:
        lines = [*self._lines(), *(json.dumps(asdict(removal), ensure_ascii=False) for removal in removed)]
        write_atomic(self.path, ("\n".join(lines[-KEPT_REMOVALS:]) + "\n").encode("utf-8", "replace"))

    def newest(self, limit: int) -> list[Removal]:
        """Return the removals, newest first; unreadable lines are skipped."""
        found = []
        for line in reversed(self._lines()):
            try:
                found.append(Removal(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return found[:limit]

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text("utf-8", "replace").splitlines()
        except OSError:
            return []
