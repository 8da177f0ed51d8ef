"""Files that come in through an upload."""

from __future__ import annotations

from pathlib import Path

from studio.errors import InvalidInput
from studio.files import file_within


def uploaded_file(value: object, field: str, folders: tuple[Path, ...]) -> Path:
    """The path of a file that a client sent in, as Gradio hands it over ({"path": …}).

    A raw request can name any path of this machine there, so only those inside `folders` are taken: the uploads and
    the studio's own outputs.

    Raises:
        InvalidInput: no file, or one that was not uploaded.
    """
    given = value.get("path") if isinstance(value, dict) else getattr(value, "path", value)
    if not isinstance(given, str) or not given:
        raise InvalidInput("call.file-missing", field=field)
    path = file_within(given, folders)
    if path is None:
        raise InvalidInput("call.file-not-uploaded", field=field)
    return path
