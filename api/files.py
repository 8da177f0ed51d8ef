"""Files that leave the studio over HTTP, and files that come in through an upload."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import FileResponse, Response

from studio.errors import InvalidInput, NotFound
from studio.files import file_within

UNEXPECTED = "Something in the studio went wrong that should not have; its log holds the details."
"""What a caller is told of an error that nobody foresaw: never its own text, which may hold paths."""

PLAYABLE = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".opus": "audio/ogg",
    ".ogg": "audio/ogg",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".srt": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".json": "application/json",
    ".zip": "application/zip",
}
"""Types a browser may show in place. Anything else, a page or a drawing with script in it above all, is a download."""


def media_response(path: Path | None, *, download: bool = False) -> Response:
    """A file with its type and its own name, in whole or by Range.

    Raises:
        NotFound: there is no such file any more.
    """
    if path is None or not path.is_file():
        raise NotFound("This file is not there any more.")
    known = PLAYABLE.get(path.suffix.lower())
    place = "inline" if known and not download else "attachment"
    return FileResponse(
        path,
        media_type=known or "application/octet-stream",
        filename=path.name,
        content_disposition_type=place,
        headers={"cache-control": "private, no-cache"},
    )


def uploaded_file(value: object, field: str, folders: tuple[Path, ...]) -> Path:
    """The path of a file that a client sent in, as Gradio hands it over ({"path": …}).

    A raw request can name any path of this machine there, so only those inside `folders` are taken: the uploads and
    the studio's own outputs.

    Raises:
        InvalidInput: no file, or one that was not uploaded.
    """
    given = value.get("path") if isinstance(value, dict) else getattr(value, "path", value)
    if not isinstance(given, str) or not given:
        raise InvalidInput(f"{field} is missing.", "Give a file; with gradio_client that is handle_file(path).")
    path = file_within(given, folders)
    if path is None:
        raise InvalidInput(f"{field} is not an uploaded file.", "Upload it first; gradio_client's handle_file(path) does.")
    return path
