"""The kinds of files in the data folder, with the format version that this version writes.

`jobs.db` has its own schema number (`PRAGMA user_version`, `studio/jobs/database.py`), because SQLite changes it in the same
transaction as the tables. Files that are moved individually (a voice, a project, a conversation, a backup) also contain their
format. docs/reference/data-folder.md lists all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Step = Callable[[Path], None]
"""Rewrites what a data folder holds of one kind. It may be interrupted and begun again, so what has been rewritten already is
left as it is; each file is replaced whole (`studio.files.write_atomic`)."""


@dataclass(frozen=True)
class DataKind:
    """One kind of file.

    Args:
        name: in the folder's stamp; never changes.
        entries: patterns of its entries in the data folder.
        steps: migrations; the first one converts format 1 to 2, and so on. Steps are only added.
    """

    name: str
    entries: tuple[str, ...]
    steps: tuple[Step, ...] = ()

    @property
    def format(self) -> int:
        """The format that this version reads and writes."""
        return 1 + len(self.steps)


KINDS: tuple[DataKind, ...] = (
    DataKind("outputs", ("outputs",)),
    DataKind("voices", ("voices",)),
    DataKind("projects", ("projects",)),
    DataKind("conversations", ("conversations",)),
    DataKind("pronunciations", ("pronunciations.json",)),
    DataKind("templates", ("workflows",)),
    DataKind("settings", ("settings.local.yaml", "idle.json")),
    DataKind("keys", ("door.json", "page.secret", "certificate")),
    DataKind("uploads", ("uploads",)),
    DataKind("rendered pieces", ("segments", "transcripts", "clips")),
    DataKind("measurements", ("memory.db", "*-runs.json", "pace.json")),
)
