"""Which container a file is by its first bytes, and where a signed statement about it can be put."""

from __future__ import annotations

from pathlib import Path

ANY = "application/octet-stream"
"""The type under which c2pa hashes a file as a whole; that of every sidecar."""

SIDECAR_SUFFIX = ".c2pa"

EMBEDDABLE = frozenset(
    {
        "audio/wav", "audio/mpeg", "audio/flac", "audio/mp4", "video/mp4", "video/quicktime", "image/png", "image/jpeg",
        "image/webp", "application/x-zip",
    }
)  # fmt: skip
"""Types in which the studio embeds. "application/zip" is refused by c2pa; "application/x-zip" is the same."""

MARKED_SUFFIXES = frozenset(
    {
        ".wav", ".mp3", ".m4a", ".m4b", ".flac", ".ogg", ".opus", ".mp4", ".mov", ".mkv", ".webm", ".png", ".jpg", ".jpeg",
        ".webp", ".zip", ".srt", ".vtt",
    }
)  # fmt: skip
"""What the studio signs of its outputs: all but plain texts, which others copy without their file anyway."""

LARGEST_EMBEDDED_WAV = 500 * 1024**2
"""c2pa holds a WAV twice in memory while it embeds: 2.1 GB for 1 GiB (0.38.1, measured). Larger ones get a sidecar, with which
memory stays at half of the file."""

_HEAD = 32
_ID3 = 10
_BRANDS = {
    b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime", b"avif": "image/avif", b"avis": "image/avif",
    b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif",
}  # fmt: skip
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"fLaC", "audio/flac"), (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/x-zip"), (b"%PDF", "application/pdf"), (b"II*\x00", "image/tiff"), (b"MM\x00*", "image/tiff"),
)  # fmt: skip
_RIFF = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/avi"}


def media_type(path: Path) -> str:
    """The type that c2pa knows this container by; ANY for one in which it embeds nothing.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if head[:3] == b"ID3" and len(head) >= _ID3:  # in front of MP3 frames, or of a FLAC stream
            file.seek(_ID3 + _id3_size(head))
            return "audio/flac" if file.read(4) == b"fLaC" else "audio/mpeg"
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], ANY)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and not head.startswith(b"\xff\xd8"):
        return "audio/mpeg"
    return next((kind for start, kind in _STARTS if head.startswith(start)), ANY)


def embeds(path: Path) -> bool:
    """Whether a statement is written into this file; it lies beside it otherwise.

    Raises:
        OSError: the file cannot be read.
    """
    kind = media_type(path)
    return kind in EMBEDDABLE and not (kind == "audio/wav" and path.stat().st_size > LARGEST_EMBEDDED_WAV)


def sidecar_path(path: Path) -> Path:
    """Where the statement of a file lies that cannot hold it: `talk.opus` and `talk.srt` each have their own."""
    return path.with_name(path.name + SIDECAR_SUFFIX)


def _id3_size(head: bytes) -> int:
    """The size that an ID3v2 header tells, seven bits to a byte."""
    return sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
