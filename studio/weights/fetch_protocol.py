"""What the studio asks its fetching process for, and what that answers: JSON, one object a line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from engines.contract import HubFile

MARK = "@"
"""Begins every line that is an answer; other lines are what libraries print."""


@dataclass(frozen=True)
class FetchRequest:
    """
    Args:
        folders: for each file, the folder of its repository. reserve_bytes: to be left free on the disk.
        token: of the hub, "" for none; travels through a pipe only.
        assets: the folder with the table of files that are known by their bytes, "" for none.
    """

    files: tuple[HubFile, ...]
    folders: tuple[str, ...]
    reserve_bytes: int
    token: str = ""
    assets: str = ""

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, text: str) -> FetchRequest:
        told = json.loads(text)
        return cls(
            tuple(HubFile(**file) for file in told["files"]),
            tuple(told["folders"]),
            told["reserve_bytes"],
            told["token"],
            told["assets"],
        )
