"""The session object: what a client may set, its defaults, and what it means for a conversation of the studio."""

from __future__ import annotations

from copy import deepcopy
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from api.openai.errors import WrongParameter
from api.openai.realtime.refusals import new_id, refusal_of
from api.openai.speech import OPENAI_VOICES
from capabilities.conversation.session.settings import SessionSettings, SessionTool, TurnDetection

MANY_TOKENS = 4_096
LONGEST_INSTRUCTIONS = 100_000
EAGERNESS = {"low": 8.0, "medium": 4.0, "auto": 4.0, "high": 2.0}
"""Seconds of silence after which a turn is over even where it sounds unfinished, as OpenAI documents them."""

_WHOLE = frozenset({"format", "turn_detection", "tracing", "truncation", "prompt", "tool_choice"})
"""Fields that are replaced and not merged into: what they hold depends on their type."""

SESSION_FIELDS = {"max_output_tokens", "tools", "tool_choice", "audio"}
"""Fields of a response which may not differ from the session's."""


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PcmFormat(_Config):
    type: Literal["audio/pcm"]
    rate: Literal[24000] = 24000


class PcmuFormat(_Config):
    type: Literal["audio/pcmu"]


class PcmaFormat(_Config):
    type: Literal["audio/pcma"]


WireFormat = Annotated[PcmFormat | PcmuFormat | PcmaFormat, Field(discriminator="type")]


class ServerVad(_Config):
    type: Literal["server_vad"] = "server_vad"
    threshold: float = Field(0.5, ge=0, le=1)
    prefix_padding_ms: int = Field(300, ge=0, le=10_000)
    silence_duration_ms: int = Field(500, ge=0, le=60_000)
    idle_timeout_ms: int | None = Field(None, ge=5_000, le=600_000)
    create_response: bool = True
    interrupt_response: bool = True

    @field_validator("idle_timeout_ms")
    @classmethod
    def _waits(cls, value: int | None) -> int | None:
        if value is not None:
            raise ValueError("the studio waits until somebody speaks: null")
        return value


class SemanticVad(_Config):
    type: Literal["semantic_vad"]
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


Vad = Annotated[ServerVad | SemanticVad, Field(discriminator="type")]


class InputTranscription(_Config):
    model_config = ConfigDict(extra="ignore")

    model: str | None = Field(None, max_length=200)
    language: str | None = Field(None, max_length=35)
    prompt: str | None = Field(None, max_length=10_000)


class NoiseReduction(_Config):
    type: Literal["near_field", "far_field"] | None = None


class AudioInput(_Config):
    format: WireFormat = PcmFormat(type="audio/pcm")
    transcription: InputTranscription | None = None
    noise_reduction: NoiseReduction | None = None
    turn_detection: Vad | None = ServerVad()


class VoiceId(_Config):
    id: str = Field(max_length=200)


class AudioOutput(_Config):
    format: WireFormat = PcmFormat(type="audio/pcm")
    voice: str | VoiceId = "default"
    speed: float = Field(1.0, ge=0.25, le=1.5)

    @field_validator("speed")
    @classmethod
    def _as_spoken(cls, value: float) -> float:
        if value != 1.0:
            raise ValueError("voices of the studio speak at their own speed, 1.0")
        return value

    @property
    def voice_name(self) -> str:
        """As the studio names voices; "" for its default, which OpenAI's own voices stand for too."""
        name = self.voice if isinstance(self.voice, str) else self.voice.id
        return "" if name.lower() in OPENAI_VOICES or name in ("default", "auto") else name


class SessionAudio(_Config):
    input: AudioInput = AudioInput()
    output: AudioOutput = AudioOutput()


class FunctionTool(_Config):
    type: Literal["function"] = "function"
    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    description: str = Field("", max_length=20_000)
    parameters: dict[str, Any] = {}
    strict: bool | None = None


class RealtimeSession(_Config):
    """All fields of a session of type "realtime". What a local studio has no use for is accepted and given back."""

    type: Literal["realtime"]
    object: Literal["realtime.session"] = "realtime.session"
    id: str = ""
    model: str = Field("greenroom", max_length=200)
    instructions: str = Field("", max_length=LONGEST_INSTRUCTIONS)
    output_modalities: list[Literal["text", "audio"]] = Field(["audio"], min_length=1, max_length=1)
    audio: SessionAudio = SessionAudio()
    tools: list[FunctionTool] = Field([], max_length=128)
    tool_choice: str | dict[str, Any] = "auto"
    max_output_tokens: int | Literal["inf"] = "inf"
    parallel_tool_calls: bool | None = None
    tracing: Any = None
    truncation: Any = "auto"
    prompt: Any = None
    reasoning: Any = None
    include: list[str] | None = None
    expires_at: int = 0

    @field_validator("max_output_tokens")
    @classmethod
    def _some(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not 1 <= value <= MANY_TOKENS:
            raise ValueError(f"it should be 1 to {MANY_TOKENS}, or inf")
        return value

    @field_validator("tool_choice")
    @classmethod
    def _free(cls, value: str | dict[str, Any]) -> str | dict[str, Any]:
        if value not in ("auto", "none"):
            raise ValueError("a local model decides by itself whether it calls a function: auto or none")
        return value

    @property
    def spoken(self) -> bool:
        return self.output_modalities == ["audio"]

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    def settings(self) -> SessionSettings:
        """Return the equivalent settings of the studio's conversation."""
        heard = self.audio.input.transcription
        tools = self.tools if self.tool_choice == "auto" else []
        return SessionSettings(
            persona=self.instructions,
            language=(heard.language if heard and heard.language else "en"),
            voice=self.audio.output.voice_name,
            speak=self.spoken,
            echo="headphones",
            acknowledged=False,
            longest=self.max_output_tokens if isinstance(self.max_output_tokens, int) else MANY_TOKENS,
            turns=_turns(self.audio.input.turn_detection),
            tools=tuple(SessionTool(one.name, one.description, one.parameters) for one in tools),
        )


def _turns(vad: ServerVad | SemanticVad | None) -> TurnDetection:
    if vad is None:
        return TurnDetection(automatic=False, respond=False, interrupt=False)
    more = {"respond": vad.create_response, "interrupt": vad.interrupt_response}
    if isinstance(vad, SemanticVad):
        return TurnDetection(silence=EAGERNESS[vad.eagerness], semantic=True, **more)
    return TurnDetection(
        threshold=vad.threshold,
        silence=vad.silence_duration_ms / 1000,
        prefix=vad.prefix_padding_ms / 1000,
        semantic=False,
        **more,
    )


def new_session(model: str, expires_at: int) -> RealtimeSession:
    """Return the initial session of a connection."""
    return RealtimeSession(type="realtime", id=new_id("sess"), model=model[:200] or "greenroom", expires_at=expires_at)


def updated(session: RealtimeSession, given: dict[str, Any]) -> RealtimeSession:
    """Return the session with a client's changes; omitted fields are unchanged.

    Raises:
        WrongParameter: a field is unknown, including those of the beta API, or has an invalid value.
    """
    if "type" not in given:
        raise WrongParameter(
            "openai.realtime-missing", param="session.type", openai_code="missing_required_parameter", name="session.type"
        )
    fixed = {"id": session.id, "object": session.object, "expires_at": session.expires_at}
    try:
        return RealtimeSession.model_validate({**_merged(session.as_json(), given), **fixed})
    except ValidationError as problem:
        raise refusal_of(problem, "session") from None


def check_response(session: RealtimeSession, given: dict[str, Any]) -> None:
    """Check that a response is to be made as the session says.

    Args:
        given: those of `SESSION_FIELDS` that a client gave for one response.

    Raises:
        WrongParameter: one of them has another value than the session's.
    """
    for name, value in given.items():
        if updated(session, {"type": "realtime", name: value}) != session:
            raise WrongParameter(
                "openai.realtime-as-session", param=f"response.{name}", openai_code="unsupported_value", name=name
            )


def _merged(old: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = deepcopy(old)
    for name, value in changes.items():
        before = merged.get(name)
        mixes = isinstance(value, dict) and isinstance(before, dict) and name not in _WHOLE
        merged[name] = _merged(before, value) if mixes and isinstance(before, dict) else value
    return merged
