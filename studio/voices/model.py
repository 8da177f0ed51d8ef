"""Voices as values, and the errors that only voices know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from media.messages.message import Message
from studio.errors import InvalidInput
from studio.licences import LicenceTerms, LicensedPart

TranscriptStatus = Literal["none", "given", "draft", "made", "edited", "failed"]
"""Where a transcript comes from: a person gave it, a recogniser made it or only a draft of it, a person edited it."""

TRANSCRIPT_STATUSES: tuple[str, ...] = get_args(TranscriptStatus)

Window = tuple[float, float]
"""Start and end in a clip, in seconds."""


class Severity(StrEnum):
    NOTE = "note"  # worth knowing
    WARNING = "warning"  # a clone will suffer
    REFUSE = "refuse"  # not taken


MENDABLE = frozenset({"polarity", "one_sided", "offset"})
"""Codes of findings that can be mended on request."""


@dataclass(frozen=True)
class ClipFinding:
    """One thing that was found about a clip.

    Args:
        code: what it is, for programs: several messages may share one.
        message: what it is and what to do, for people.
    """

    code: str
    severity: Severity
    message: Message

    @property
    def sentence(self) -> str:
        """What was found, in the language of this request."""
        return self.message.reason()

    @property
    def advice(self) -> str:
        """What to do about it, likewise; "" where nothing need be done."""
        return self.message.hint()

    def as_dict(self) -> dict[str, str]:
        """Return the finding in the form of the public API."""
        return {"code": self.code, "severity": self.severity.value, "sentence": self.sentence, "advice": self.advice}

    def as_record(self) -> dict[str, Any]:
        """Return the stored form: the message, and the English text for earlier versions of the studio."""
        words = {"sentence": self.message.reason("en"), "advice": self.message.hint("en")}
        return {"code": self.code, "severity": self.severity.value, **words, "message": self.message.as_dict()}


@dataclass(frozen=True)
class ClipReport:
    """What a clip is worth as a voice.

    Args:
        duration: of the whole clip, in seconds.
        best_window: the part to take instead when the clip is too long, or that serves as well when it is longer than engines
            need; None when the whole clip is right or nothing helps.
    """

    findings: tuple[ClipFinding, ...]
    duration: float
    rate: int
    channels: int
    best_window: Window | None = None

    @property
    def mendable(self) -> bool:
        """Whether something was found that can be mended without touching the voice."""
        return any(finding.code in MENDABLE for finding in self.findings)

    @property
    def ok(self) -> bool:
        """Whether the clip would be taken as it is."""
        return not self.refusals

    @property
    def refusals(self) -> tuple[ClipFinding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.REFUSE)


class VoiceRefused(InvalidInput):
    """A clip that was judged and not taken; `judgement` holds every finding."""

    def __init__(self, judgement: ClipReport) -> None:
        worst = judgement.refusals
        super().__init__(
            "voice.clip-refused",
            findings=[finding.message for finding in worst],
            advice=[finding.message.as_hint() for finding in worst],
        )
        self.judgement = judgement


class VoiceTooShort(VoiceRefused):
    """The clip is under the shortest length that catches a voice."""


class VoiceTooLong(VoiceRefused):
    """The clip is over the longest length; `window` is the part to take instead, None when no part is fit."""

    @property
    def window(self) -> Window | None:
        return self.judgement.best_window


@dataclass(frozen=True)
class Voice:
    """One saved voice, as it lies on disk.

    Args:
        id: name of its folder; stays the same when the voice is renamed.
        name: what people call it; unique, compared exactly.
        master: path of the PCM WAV, at the clip's own rate and channels.
        consent: who agreed, how and when, in free words.
        created: seconds since the epoch.
        version: rises when the sound or the transcript changes.
        sound: hash of the samples with their rate, so that the same sound gives the same hash in any file.
        licences: of what made its sound, where the studio made it; () for a clip that came from elsewhere.
        built_in: ships with the studio and cannot be changed, only copied.
        damage: a sentence when the folder cannot be used; every other field is then a best guess.
    """

    id: str
    name: str
    master: Path
    transcript: str = ""
    transcript_status: TranscriptStatus = "none"
    language: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    consent: str = ""
    created: float = 0.0
    version: int = 1
    sound: str = ""
    duration: float = 0.0
    rate: int = 0
    channels: int = 0
    findings: tuple[ClipFinding, ...] = ()
    licences: tuple[LicensedPart, ...] = ()
    built_in: bool = False
    damage: str = ""

    @property
    def terms(self) -> LicenceTerms:
        """Under which licences results in this voice may be used, apart from the engine's."""
        return LicenceTerms(self.licences)

    @property
    def known_transcript(self) -> str:
        """The transcript as far as a clone may rely on it: a draft that nobody has checked is none."""
        return "" if self.transcript_status == "draft" else self.transcript

    @property
    def fingerprint(self) -> str:
        """Changes with everything of the voice that a clone can hear; part of the hash of every segment spoken in it."""
        return sha256(f"{self.sound}\n{self.known_transcript}".encode()).hexdigest()[:24]

    def as_dict(self) -> dict[str, Any]:
        """Return the voice for the public API: JSON values only, and no path."""
        fields = asdict(self)
        del fields["master"]
        return {**fields, "tags": list(self.tags), "findings": [finding.as_dict() for finding in self.findings],
                "licences": self.terms.as_json()}  # fmt: skip
