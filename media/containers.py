"""Opening media files: only formats that carry their own data.

Playlists and other files that point elsewhere are not opened: an uploaded one could make the decoder read other files of this
machine or call out of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
from av.container import InputContainer

from media.errors import MediaError
from media.file_kinds import file_kind

_CONTAINERS = (
    "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,amr,amrnb,amrwb,ape,tta,wv,mpc,mpc8,dts,tak,voc,ogg,oga,ogv,"
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpeg,mpegts,mpegvideo,nut,mxf"
)
"""Demuxers that may be used, by libavformat's names."""

USE_SOUND = "Use a WAV, MP3, M4A, FLAC, Ogg, Opus or WebM file, or a video with sound."
USE_VIDEO = "Use an MP4, MOV, WebM, MKV or AVI file with a picture track."
EXPORT_AGAIN = "Export or download it again."


@contextmanager
def open_media(path: Path, use: str = USE_SOUND) -> Iterator[InputContainer]:
    """A media file of a container that carries its own data.

    Args:
        use: what to use instead, said when it is none.

    Raises:
        MediaError: in words, naming what the file is where its first bytes tell.
    """
    if not path.is_file():
        raise MediaError(f"{path.name or 'The file'} does not exist or is not a file.", "Check its name.")
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path.name} is empty.", EXPORT_AGAIN)
        options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
        container = av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")
    except PermissionError:
        raise MediaError(f"{path.name} may not be read.", "Check the file's permissions.") from None
    except (av.error.FFmpegError, OSError, ValueError):
        raise MediaError(_refusal(path), use) from None
    with container:
        yield container


def _refusal(path: Path) -> str:
    kind = file_kind(path)
    if kind and not kind.endswith(("video", "sound")):
        return f"{path.name} is {kind}, not a media file."
    return f"{path.name} is damaged or not a media file."
