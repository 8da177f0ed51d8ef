"""Files as HTTP responses."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import FileResponse, Response

from api.media_types import PLAYABLE
from studio.errors import NotFound


def media_response(path: Path | None, *, download: bool = False, name: str = "") -> Response:
    """Return a file response with its media type and file name (with `name` as the stem if given), with support for Range.

    Raises:
        NotFound: there is no such file any more.
    """
    if path is None or not path.is_file():
        raise NotFound("file.gone")
    known = PLAYABLE.get(path.suffix.lower())
    place = "inline" if known and not download else "attachment"
    return FileResponse(
        path,
        media_type=known or "application/octet-stream",
        filename=f"{name}{path.suffix}" if name else path.name,
        content_disposition_type=place,
        headers={"cache-control": "private, no-cache"},
    )
