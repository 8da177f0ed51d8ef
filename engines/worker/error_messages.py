"""Any exception as one plain sentence, without traceback, secrets and paths of this machine."""

from __future__ import annotations

import errno
import re

from engines.contract.errors import EngineError, EngineOutOfMemory
from media.errors import GreenroomError

LONGEST_REASON = 300
_LONGEST_READ = 20_000

_FOLDERS = re.compile(r"(?<![\w./:])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\'\":,;()]+[/\\])+(?=[^\s/\\'\":,;()])")
_HOME = re.compile(r"(?<![\w./])(?:~|/home/[^\s/'\":,;()]+|/Users/[^\s/'\":,;()]+|/root)/?(?=[\s'\":,;)]|$)")
_SECRETS = (
    re.compile(r"\b(?:hf|sk|ghp|gho|glpat|xox[abp])[-_][A-Za-z0-9_-]{8,}"),
    re.compile(r"(?i)\bbearer\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?i)\b(?:token|api[_-]?key|password|secret|authorization)(?:[\"']?\s*[=:]\s*)[\"']?[^\s\"',;&]+"),
    re.compile(r"(?<=://)[^\s/@:]++:[^\s/@]++(?=@)"),
)


def redact_error(text: str) -> str:
    """Return one line of at most 300 characters; folders are removed from paths, and text that looks like a secret is masked."""
    text = text[:_LONGEST_READ]
    for secret in _SECRETS:
        text = secret.sub("***", text)
    text = _FOLDERS.sub("", _HOME.sub("", text))
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1].rstrip() + "…"


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether main or graphics memory ran out. Exceptions of frameworks are recognised by name, without importing them."""
    if isinstance(error, MemoryError) or type(error).__name__ in {"OutOfMemoryError", "_ArrayMemoryError"}:
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "failed to allocate memory" in text)


def as_greenroom_error(error: Exception, title: str) -> GreenroomError:
    """Return the message for an exception that an engine raised.

    Args:
        title: the engine's name for people.
    """
    if isinstance(error, GreenroomError):
        return error
    if is_out_of_memory(error):
        graphics = "cuda" in f"{type(error).__module__} {error}".lower()
        return EngineOutOfMemory("engine.out-of-graphics-memory" if graphics else "engine.out-of-memory", engine=title)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EngineError("engine.disk-full", retryable=True, engine=title)
    message = redact_error(str(error))
    ended = message if not message or message.endswith((".", "!", "?", "…")) else f"{message}."
    return EngineError("engine.library-failed", engine=title, kind=type(error).__name__, message=ended)
