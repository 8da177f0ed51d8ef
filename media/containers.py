"""Opening of media files, restricted to formats that contain their own data.

Playlists and other files that refer to other files are refused: an uploaded one could make the decoder read other files of this
machine or connect to a server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from media.errors import MediaError
from media.file_kinds import file_kind

_CONTAINERS = (
    "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,amr,amrnb,amrwb,ape,tta,wv,mpc,mpc8,dts,tak,voc,ogg,oga,ogv,"
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpeg,mpegts,mpegvideo,nut,mxf"
)
"""Demuxers that may be used, by libavformat's names."""

_CLOCK = re.compile(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)")
"""As mkvmerge and FFmpeg write it: 00:00:02.400000000."""


@contextmanager
def open_media(path: Path, wanted: Literal["sound", "video"] = "sound") -> Iterator[InputContainer]:
    """Yield a media file whose container holds its own data.

    Args:
        wanted: expected content, for the message if it is no media file.

    Raises:
        MediaError: with the kind of file if its first bytes show it.
    """
    if not path.is_file():
        raise MediaError("media.file-missing", file=path.name)
    try:
        if path.stat().st_size == 0:
            raise MediaError("media.file-empty", file=path.name)
        options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
        container = av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")
    except PermissionError:
        raise MediaError("media.file-forbidden", file=path.name) from None
    except (av.error.FFmpegError, OSError, ValueError):
        raise _refusal(path, wanted) from None
    with container:
        yield container


def declared_end(stream: AudioStream | VideoStream) -> float | None:
    """Return the end of a track in seconds by a tag of Matroska and WebM, whose headers have no track lengths; None without
    one.
    """
    named = _CLOCK.fullmatch(stream.metadata.get("DURATION", ""))
    return None if named is None else int(named[1]) * 3600 + int(named[2]) * 60 + float(named[3])


def _refusal(path: Path, wanted: str) -> MediaError:
    kind = file_kind(path)
    if kind and not kind.endswith(("video", "sound")):
        return MediaError("media.of-another-kind", file=path.name, kind=kind, wanted=wanted)
    return MediaError("media.file-damaged", file=path.name, wanted=wanted)
