"""Detection of a file's kind by its first bytes, for error messages."""

from __future__ import annotations

from pathlib import Path

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a packed archive"),
    (b"8BPS", "a Photoshop document"),
    (b"gimp xcf", "a GIMP document"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#EXTM3U", "a playlist"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"ID3", "an MP3 sound"),
    (b"fLaC", "a FLAC sound"),
    (b"OggS", "an Ogg sound or video"),
    (b"\x1aE\xdf\xa3", "a WebM or Matroska video"),
)
_RIFF = {b"WEBP": "a WebP picture", b"WAVE": "a WAV sound", b"AVI ": "an AVI video"}
_BRANDS: tuple[tuple[bytes, str], ...] = (
    (b"avif", "an AVIF picture"), (b"avis", "an AVIF animation"), (b"heic", "a HEIC picture"), (b"heix", "a HEIC picture"),
    (b"mif1", "a HEIF picture"), (b"msf1", "a HEIF picture"), (b"M4A ", "an M4A sound"), (b"crx ", "a camera's raw picture"),
)  # fmt: skip


def file_kind(path: Path) -> str:
    """Return the kind of a file with its article ("a PDF document"); "" if its first bytes do not show it."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError:
        return ""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return next((words for brand, words in _BRANDS if head[8:12] == brand), "an MP4 or MOV video")
    found = next((words for start, words in _STARTS if head.startswith(start)), "")
    return found or _as_text(head)


def _as_text(head: bytes) -> str:
    if not head or b"\0" in head:
        return ""
    try:
        text = head.decode("utf-8").lstrip().lower()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # and not merely a letter that was cut in two
            return ""
        text = head[: error.start].decode("utf-8").lstrip().lower()
    if text.startswith(("<!doctype html", "<html")):
        return "a web page"
    return "an SVG drawing" if "<svg" in text else "a text file"
