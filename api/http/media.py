"""Files that leave the studio over HTTP."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import FileResponse, Response

from studio.errors import NotFound

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
