"""The voices that ship with the studio: one JSON beside each sound in the samples folder. Read once, never written."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from studio.voices.masters import read_master, sound_hash
from studio.voices.model import Voice


class SampleRecord(BaseModel):
    """The fields of a sample's JSON; what can be measured is not stored there."""

    model_config = ConfigDict(extra="forbid")

    name: str
    file: str
    transcript: str
    language: str
    tags: tuple[str, ...] = ()
    notes: str = ""
    consent: str = ""


def read_samples(folder: Path) -> tuple[Voice, ...]:
    """Read all sample voices of `folder`, by id. These files are the studio's own: a wrong one is an error at the start."""
    return tuple(_read(path) for path in sorted(folder.glob("*.json")))


def _read(path: Path) -> Voice:
    record = SampleRecord.model_validate_json(path.read_bytes())
    master = path.parent / Path(record.file).name
    audio = read_master(master)
    return Voice(
        id=path.stem,
        name=record.name,
        master=master,
        transcript=record.transcript,
        transcript_status="given",
        language=record.language,
        tags=record.tags,
        notes=record.notes,
        consent=record.consent,
        sound=sound_hash(audio),
        duration=audio.duration,
        rate=audio.rate,
        channels=audio.channels,
        built_in=True,
    )
