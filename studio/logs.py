"""The studio's log file: rotating, in the data folder, without secrets and home paths."""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from media.messages.languages import SOURCE_LANGUAGE, speaking
from studio.errors import GreenroomError, StorageError

FILE_NAME = "greenroom.log"
FILE_BYTES = 5 * 1024**2
KEPT_FILES = 4
HIDDEN = "[hidden]"
LONGEST_MESSAGE = 8_000
"""Characters of a record's message that are kept."""
LONGEST_TRACEBACK = 24_000
"""Characters of a record's traceback that are kept: of a longer one its beginning and its end."""
_LONGEST_WORD = 512

_NOISY = ("httpx", "httpcore", "urllib3", "asyncio", "matplotlib", "PIL", "multipart", "mcp")

# The name of a secret and its value, joined as in a query, a header, JSON or an assignment. A name is matched once,
# from its start, with possessive repetitions: the time is linear in the length of the text.
_NAMED = re.compile(
    r"(?i)((?<![\w-])(?=[\w-]*?(?:token|secret|password|passwd|api[_-]?key|authorization|cookie))[\w-]++"
    r"[\"']?\s*+[:=]\s*+[\"']?(?:(?:bearer|basic)\s++)?)([^\s\"'&,;}\])]++)"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s++[A-Za-z0-9._~+/=-]{8,}+")
_KNOWN_FORMS = re.compile(r"\b(?:hf_[A-Za-z0-9]{8,}|sk-[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{16,}|AKIA[A-Z0-9]{12,})")
_CREDENTIALS_IN_ADDRESS = re.compile(r"(?<=\w://)[^/\s:@]++:[^/\s@]++@")
_HOMES = re.compile(r"(?:/home/|/Users/)[^/\s\"':]+|/root\b(?![\w.-])")


def scrub(text: str) -> str:
    """Return `text` without secrets, and with every home folder written as "~"."""
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _KNOWN_FORMS.sub(HIDDEN, text)
    text = _CREDENTIALS_IN_ADDRESS.sub(f"{HIDDEN}@", text)
    home = str(Path.home())
    if len(home) > 1:
        text = re.sub(rf"{re.escape(home)}(?=/|\b)", "~", text)
    return _HOMES.sub("~", text)


def shortened(text: str, longest: int) -> str:
    """`text` in about `longest` characters: the beginning, a note of how much is left out, and the last whole lines.

    Cuts fall at spaces and line ends, so that no secret loses the name or the mark by which `scrub` recognises it.
    """
    if len(text) <= longest:
        return text
    limit = longest * 2 // 3
    space = max(text.rfind(mark, limit - _LONGEST_WORD, limit) for mark in (" ", "\n", "\t"))
    head = text[: space if space > 0 else limit]
    tail = text[limit - longest :].partition("\n")[2]
    return f"{head}\n… {len(text) - len(head) - len(tail)} characters left out …\n{tail}".rstrip("\n")


class ScrubbingFormatter(logging.Formatter):
    """Formats a record and scrubs the result; its message and its traceback are shortened first.

    The log is in English whatever the language of the request, and a logged error is written with its code.
    """

    def format(self, record: logging.LogRecord) -> str:
        with speaking(SOURCE_LANGUAGE):
            return self._formatted(record)

    def _formatted(self, record: logging.LogRecord) -> str:
        traceback = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        bounded = copy.copy(record)
        bounded.msg, bounded.args = shortened(record.getMessage() + _codes(record), LONGEST_MESSAGE), None
        bounded.exc_info, bounded.exc_text = None, shortened(traceback, LONGEST_TRACEBACK)
        bounded.stack_info = shortened(record.stack_info or "", LONGEST_TRACEBACK)
        return scrub(super().format(bounded))


def _codes(record: logging.LogRecord) -> str:
    """Codes of the errors that the record tells of, where its words do not name them."""
    told = record.args if isinstance(record.args, tuple) else ()
    raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    codes = dict.fromkeys(error.code for error in (*told, raised) if isinstance(error, GreenroomError))
    return "".join(f" [{code}]" for code in codes if code not in told)


def open_log(folder: Path, level: int = logging.INFO) -> Callable[[], None]:
    """Write all of this process's log records into `folder`; returns the function that stops it.

    Raises:
        StorageError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / FILE_NAME, maxBytes=FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        raise StorageError("storage.log-not-written") from error
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
