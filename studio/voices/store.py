"""How a voice lies on disk: a folder with voice.json and a master; and how it is read back, damaged or not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import soundfile
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from media.errors import literal
from media.messages.catalogue import Entry, is_code
from media.messages.message import Message
from studio.errors import InvalidInput
from studio.licences import LicensedPart
from studio.voices.clip_checks import ClipMeasurements, judge_transcript
from studio.voices.masters import sound_hash, write_master
from studio.voices.model import ClipFinding, Severity, TranscriptStatus, Voice
from studio.voices.names import composed, valid_name, visible

RECORD = "voice.json"
MASTER = "master.wav"
LARGEST_RECORD = 256 * 1024
MASTER_NAME = re.compile(r"master(-\d{1,9})?\.wav")


def clean_text(text: str) -> str:
    """Free words of a person: composed, line ends as \\n, other control characters as spaces."""
    unified = composed(text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(character if character in "\n\t" or ord(character) >= 32 else " " for character in unified).encode(
        "utf-8", "replace"
    ).decode("utf-8")  # fmt: skip


def _name(value: str) -> str:
    try:
        return valid_name(value)
    except InvalidInput as error:
        raise ValueError(error.reason) from None


def _language(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", value):
        raise ValueError("not a language tag such as en or pt-BR")
    return value


def _master(value: str) -> str:
    if not MASTER_NAME.fullmatch(value):
        raise ValueError("not the name of a master")
    return value


Text = Annotated[str, AfterValidator(clean_text)]
Tag = Annotated[str, AfterValidator(lambda tag: " ".join(clean_text(tag).split())), Field(max_length=40)]


class FindingRecord(BaseModel):
    code: str = Field(max_length=40)
    severity: Severity
    sentence: str = Field(max_length=500)
    advice: str = Field("", max_length=500)
    message: dict[str, Any] | None = None

    def finding(self) -> ClipFinding:
        """Return the finding, with the catalogue's text if it was stored with its code."""
        if self.message is None or not is_code(str(self.message.get("code"))):
            return ClipFinding(
                self.code, self.severity, Message.of("recording.as-saved", sentence=self.sentence, advice=self.advice)
            )
        told = Entry(literal(self.sentence), literal(self.advice))
        return ClipFinding(self.code, self.severity, Message.from_dict(self.message, told))


class VoiceRecord(BaseModel):
    """voice.json. Fields that a later studio adds are ignored by this one."""

    model_config = ConfigDict(extra="ignore", validate_default=True)

    schema_version: int = Field(1, ge=1, le=1)
    name: Annotated[str, AfterValidator(_name)]
    transcript: Text = Field("", max_length=20_000)
    transcript_status: TranscriptStatus = "none"
    language: Annotated[str, AfterValidator(_language)] = ""
    tags: tuple[Tag, ...] = Field((), max_length=30)
    notes: Text = Field("", max_length=10_000)
    consent: Text = Field("", max_length=4_000)
    created: float = Field(0.0, ge=0, allow_inf_nan=False)
    version: int = Field(1, ge=1)
    sound: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    duration: float = Field(0.0, ge=0, allow_inf_nan=False)
    rate: int = Field(0, ge=0)
    channels: int = Field(0, ge=0)
    findings: tuple[FindingRecord, ...] = Field((), max_length=50)
    licences: tuple[LicensedPart, ...] = Field((), max_length=100)
    master: Annotated[str, AfterValidator(_master)] = MASTER


def record_of(fields: dict[str, Any]) -> VoiceRecord:
    """Return a validated record.

    Raises:
        InvalidInput: with the wrong field and the reason.
    """
    try:
        return VoiceRecord.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "record"
        why = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
        raise InvalidInput("voice.field-refused", field=field.replace("_", " "), why=why) from None


def read_record(data: bytes) -> VoiceRecord:
    """Return the record in the bytes of a voice.json.

    Raises:
        InvalidInput: it is too large, is no JSON, or has a wrong field.
    """
    if len(data) > LARGEST_RECORD:
        raise InvalidInput("voice.record-too-large")
    try:
        return VoiceRecord.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid" or not first["loc"]:
            raise InvalidInput("voice.record-unreadable") from None
        raise InvalidInput("voice.record-wrong", field=str(first["loc"][0]).replace("_", " ")) from None


def voice_of(folder: Path, record: VoiceRecord, *, identity: str = "", built_in: bool = False, damage: str = "") -> Voice:
    return Voice(
        id=identity or folder.name,
        name=record.name,
        master=folder / record.master,
        transcript=record.transcript,
        transcript_status=record.transcript_status,
        language=record.language,
        tags=tuple(tag for tag in dict.fromkeys(record.tags) if tag),
        notes=record.notes,
        consent=record.consent,
        created=record.created,
        version=record.version,
        sound=record.sound,
        duration=record.duration,
        rate=record.rate,
        channels=record.channels,
        findings=tuple(finding.finding() for finding in record.findings),
        licences=record.licences,
        built_in=built_in,
        damage=damage,
    )


def record_fields(voice: Voice) -> dict[str, Any]:
    """Return the fields of `voice` in the form of voice.json."""
    master = MASTER if voice.built_in else voice.master.name
    findings = [finding.as_record() for finding in voice.findings]
    record = VoiceRecord.model_validate({**vars(voice), "findings": findings, "master": master})
    return record.model_dump(mode="json")


def read_voice(folder: Path) -> Voice:
    """Return the voice in `folder`. Never raises: errors are in its `damage`."""
    try:
        record = read_record((folder / RECORD).read_bytes())
    except OSError:
        return _damaged(folder, Message.of("voice.record-missing").reason())
    except InvalidInput as error:
        return _damaged(folder, f"{error.reason} (voice.json)")
    return voice_of(folder, record, damage=master_damage(folder / record.master, record))


def master_damage(path: Path, record: VoiceRecord) -> str:
    """Return a sentence if the master's header does not match the record; else ""."""
    try:
        header = soundfile.info(path)
    except (OSError, soundfile.SoundFileError):
        return Message.of("voice.sound-missing", file=record.master).reason()
    if (header.samplerate, header.channels) != (record.rate, record.channels) or abs(header.duration - record.duration) > 0.01:
        return Message.of("voice.sound-of-another", file=record.master).reason()
    return ""


def _damaged(folder: Path, sentence: str) -> Voice:
    return Voice(id=folder.name, name=visible(composed(folder.name)), master=folder / MASTER, damage=sentence)


def transcript_fields(voice: Voice, transcript: str | None, status: TranscriptStatus | None) -> dict[str, str]:
    """Return the transcript and its status after an edit; None leaves a field unchanged."""
    text = voice.transcript if transcript is None else clean_text(transcript)
    if status is None:
        status = voice.transcript_status if text == voice.transcript else "edited" if voice.transcript else "given"
    if not text and status != "failed":
        status = "none"
    return {"transcript": text, "transcript_status": status}


def sound_fields(heard: ClipMeasurements, target: Path) -> dict[str, object]:
    """Write the master and give the fields of the record that tell of it."""
    written = write_master(target, heard.audio)
    return {
        "sound": sound_hash(written),
        "duration": written.duration,
        "rate": written.rate,
        "channels": written.channels,
        "findings": [finding.as_record() for finding in heard.judgement.findings],
        "master": target.name,
    }


def with_transcript_finding(record: VoiceRecord) -> VoiceRecord:
    """Return the record with its finding on the transcript updated."""
    others = [finding.model_dump() for finding in record.findings if finding.code != "transcript"]
    found = [finding.as_record() for finding in judge_transcript(record.transcript, record.duration)]
    return record_of(record.model_dump() | {"findings": [*others, *found]})
