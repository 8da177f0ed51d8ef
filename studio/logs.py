"""The studio's log file: rotating, in the data folder, without secrets and home paths."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from studio.errors import StorageError

FILE_NAME = "greenroom.log"
FILE_BYTES = 5 * 1024**2
KEPT_FILES = 4
HIDDEN = "[hidden]"

_NOISY = ("httpx", "httpcore", "urllib3", "asyncio", "matplotlib", "PIL", "multipart", "mcp")

# The name of a secret and its value, however they are joined: a query, a header, JSON, an assignment.
_NAMED = re.compile(
    r"(?i)([\w-]*(?:token|secret|password|passwd|api[_-]?key|authorization|cookie)[\w-]*[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic)\s+)?)"
    r"([^\s\"'&,;}\])]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_KNOWN_FORMS = re.compile(r"\b(?:hf_[A-Za-z0-9]{8,}|sk-[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{16,}|AKIA[A-Z0-9]{12,})")
_CREDENTIALS_IN_ADDRESS = re.compile(r"(\w+://)[^/\s:@]+:[^/\s@]+@")
_HOMES = re.compile(r"(?:/home/|/Users/)[^/\s\"':]+|/root\b(?![\w.-])")


def scrub(text: str) -> str:
    """`text` without secrets, and with every home folder written as "~"."""
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _KNOWN_FORMS.sub(HIDDEN, text)
    text = _CREDENTIALS_IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)
    home = str(Path.home())
    if len(home) > 1:
        text = re.sub(rf"{re.escape(home)}(?=/|\b)", "~", text)
    return _HOMES.sub("~", text)


class ScrubbingFormatter(logging.Formatter):
    """Formats a record, traceback included, and scrubs the whole."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def open_log(folder: Path, level: int = logging.INFO) -> Callable[[], None]:
    """Begin to write all of this process's log records into `folder`; returns what ends it.

    Raises:
        StorageError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / FILE_NAME, maxBytes=FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        raise StorageError(
            "The log in the data folder cannot be written.", "Check the folder's owner and permissions."
        ) from error
    handler.setFormatter(ScrubbingFormatter("%(asctime)s %(levelname)-7s %(name)s [%(threadName)s] %(message)s"))
    handler.setLevel(level)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(min(before, level) if before else level)
    for name in _NOISY:
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(logging.WARNING)

    def close() -> None:
        root.removeHandler(handler)
        handler.close()
        root.setLevel(before)

    return close
