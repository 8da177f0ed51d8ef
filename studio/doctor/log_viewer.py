"""The latest records of the studio's logs, filtered by level and text, without secrets and home paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.errors import NotFound
from studio.logs import FILE_NAME, scrub

TAIL_BYTES = 512 * 1024
LONGEST_SEARCH = 200
"""Characters of the words looked for that count."""
_BLOCK = 32 * 1024
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
STUDIO = "greenroom"

_HEAD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:,\d+)? (?:([A-Z]+) +(\S+) \[[^\]]*\] )?(.*)", re.DOTALL)


@dataclass(frozen=True)
class LogRecord:
    """One record. `text` includes a traceback if there is one; `level` is "" for the output of workers."""

    at: str
    level: str
    source: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def log_names(folder: Path) -> list[str]:
    """Return the existing logs: the studio's own first, then those of workers."""
    names = sorted(path.stem for path in folder.glob("*.log") if path.is_file())
    return sorted(names, key=lambda name: name != STUDIO)


def read_log(folder: Path, name: str = STUDIO, level: str = "", text: str = "", limit: int = 200) -> list[LogRecord]:
    """Return records, latest first.

    Args:
        level: minimum level; "" for all.
        text: words that each record must contain, in any case.

    Raises:
        NotFound: there is no such log.
    """
    if name not in log_names(folder):
        if name == STUDIO:
            return []
        raise NotFound("log.unknown", name=str(name)[:40], known=log_names(folder))
    least = LEVELS.index(level) if level in LEVELS else 0
    words = dict.fromkeys(text[:LONGEST_SEARCH].casefold().split())
    found = []
    for record in reversed(list(_records(tail(folder / (FILE_NAME if name == STUDIO else f"{name}.log"))))):
        known = LEVELS.index(record.level) if record.level in LEVELS else 1
        said = f"{record.source} {record.text}".casefold()
        if known >= least and all(word in said for word in words):
            found.append(record)
            if len(found) == limit:
                break
    return found


def tail(path: Path, longest: int = TAIL_BYTES) -> str:
    """Return the end of a log file from a whole line on, without secrets and home paths; "" if it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - longest))
            data = file.read()
    except OSError:
        return ""
    text = data.decode("utf-8", "replace")
    return "".join(map(scrub, _blocks(text.partition("\n")[2] if size > longest else text)))


def _blocks(text: str) -> Iterator[str]:
    """Yield a log in blocks of whole lines, so that other threads run in between."""
    start = 0
    while len(text) - start > _BLOCK:
        end = text.find("\n", start + _BLOCK) + 1
        if not 0 < end < start + 2 * _BLOCK:  # a line longer than any that the studio writes
            end = start + 2 * _BLOCK
        yield text[start:end]
        start = end
    yield text[start:]


def _records(text: str) -> Iterator[LogRecord]:
    """Yield the records of a log; lines that begin none belong to the previous one."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines and _HEAD.match(line):
            yield _record("\n".join(lines))
            lines = []
        lines.append(line)
    if lines:
        yield _record("\n".join(lines))


def _record(text: str) -> LogRecord:
    head = _HEAD.match(text)
    if head is None:
        return LogRecord("", "", "", text)
    at, level, source, words = head.groups()
    return LogRecord(at, level or "", source or "", words)
