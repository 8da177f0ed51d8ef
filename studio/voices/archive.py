"""A voice as one file, `NAME.greenroom-voice`: a ZIP of voice.json and master.wav, and nothing else."""

from __future__ import annotations

import logging
import struct
import zipfile
from pathlib import Path

from media.broken_zip import BROKEN_ZIP
from studio.errors import InvalidInput
from studio.files import staging_path
from studio.voices.masters import MOST_SAMPLES
from studio.voices.model import Voice
from studio.voices.store import LARGEST_RECORD, MASTER, RECORD, VoiceRecord, read_record, record_fields

log = logging.getLogger(__name__)

EXTENSION = ".greenroom-voice"
LARGEST_MASTER = 4 * MOST_SAMPLES
LARGEST_DIRECTORY = 64 * 1024
"""Bytes of the archive's list of entries. It is read whole before anything can be asked of it, so millions of entries would
fill the memory."""
_END, _END_64 = b"PK\5\6", b"PK\6\7"
_END_BYTES, _LONGEST_COMMENT, _END_64_BYTES = 22, 1 << 16, 20
_MEMBERS = frozenset({RECORD, MASTER})


def pack(voice: Voice, target: Path) -> None:
    """Write `voice` to `target`; the file is complete or not written."""
    record = VoiceRecord.model_validate({**record_fields(voice), "master": MASTER})
    staged = staging_path(target.parent, EXTENSION)
    try:
        with zipfile.ZipFile(staged, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(RECORD, record.model_dump_json(indent=2))
            archive.write(voice.master, MASTER)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


def unpack(path: Path, master: Path) -> VoiceRecord:
    """Read a packed voice: its record, and its sound, which is written to `master`.

    Names inside the archive are compared with the two allowed ones and never used as paths; sizes are counted while reading,
    whatever the archive claims.

    Raises:
        InvalidInput: it is no exported voice, is damaged, or is larger than any real one.
    """
    try:
        return _unpacked(path, master)
    except InvalidInput as refusal:
        log.warning("Refused a file that was given as a voice: %s", refusal.reason)
        raise


def _unpacked(path: Path, master: Path) -> VoiceRecord:
    try:
        _refuse_long_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if len(names) != len(_MEMBERS) or set(names) != _MEMBERS:
                raise InvalidInput("voice-file.wrong-files")
            if any(member.flag_bits & 1 for member in members):
                raise InvalidInput("voice-file.locked")
            if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
                raise InvalidInput("voice-file.packed-otherwise")
            record = read_record(_bounded(archive, RECORD, LARGEST_RECORD + 1))
            _extract(archive, master)
    except (*BROKEN_ZIP, ValueError):
        raise InvalidInput("voice-file.damaged") from None
    except OSError:
        raise InvalidInput("voice-file.unreadable") from None
    return record


def _refuse_long_directory(path: Path) -> None:
    """
    Raises:
        InvalidInput: the list of entries is longer than one of two entries can be, or is of the kind for huge archives.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_BYTES - _LONGEST_COMMENT - _END_64_BYTES))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or at + _END_BYTES > len(tail):
        return  # no archive at all, as zipfile will say
    (length,) = struct.unpack_from("<L", tail, at + 12)
    if length > LARGEST_DIRECTORY or tail[max(0, at - _END_64_BYTES) : at].startswith(_END_64):
        raise InvalidInput("voice-file.wrong-files")


def _bounded(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as member:
        return member.read(most)


def _extract(archive: zipfile.ZipFile, master: Path) -> None:
    written = 0
    with archive.open(MASTER) as member, master.open("wb") as file:
        while block := member.read(1 << 20):
            written += len(block)
            if written > LARGEST_MASTER:
                raise InvalidInput("voice-file.sound-too-large")
            file.write(block)
