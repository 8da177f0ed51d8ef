"""What a client may say: the client events of the Realtime API."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.openai.errors import WrongParameter
from api.openai.realtime.items import ClientItem
from api.openai.realtime.refusals import refusal_of

LONGEST_ID = 512


class _ClientEvent(BaseModel):
    model_config = ConfigDict(extra="ignore")

    event_id: str | None = Field(None, max_length=LONGEST_ID)


class SessionUpdate(_ClientEvent):
    type: Literal["session.update"]
    session: dict[str, Any]


class AudioAppend(_ClientEvent):
    type: Literal["input_audio_buffer.append"]
    audio: str


class AudioCommit(_ClientEvent):
    type: Literal["input_audio_buffer.commit"]


class AudioClear(_ClientEvent):
    type: Literal["input_audio_buffer.clear"]


class ItemCreate(_ClientEvent):
    type: Literal["conversation.item.create"]
    item: Annotated[ClientItem, Field(discriminator="type")]
    previous_item_id: str | None = Field(None, max_length=LONGEST_ID)


class ItemRetrieve(_ClientEvent):
    type: Literal["conversation.item.retrieve"]
    item_id: str = Field(max_length=LONGEST_ID)


class ItemDelete(_ClientEvent):
    type: Literal["conversation.item.delete"]
    item_id: str = Field(max_length=LONGEST_ID)


class ItemTruncate(_ClientEvent):
    type: Literal["conversation.item.truncate"]
    item_id: str = Field(max_length=LONGEST_ID)
    content_index: int = Field(ge=0)
    audio_end_ms: int = Field(ge=0, le=24 * 3_600_000)


class ResponseWish(BaseModel):
    """How one response is to be made: its instructions, and fields of the session, which it may not have otherwise."""

    model_config = ConfigDict(extra="ignore")

    instructions: str | None = Field(None, max_length=100_000)
    output_modalities: list[Literal["text", "audio"]] | None = Field(None, min_length=1, max_length=1)
    conversation: Literal["auto", "none"] = "auto"
    input: list[dict[str, Any]] | None = None
    metadata: dict[str, str] | None = Field(None, max_length=16)
    max_output_tokens: Any = None
    tools: Any = None
    tool_choice: Any = None
    audio: Any = None


class ResponseCreate(_ClientEvent):
    type: Literal["response.create"]
    response: ResponseWish | None = None


class ResponseCancel(_ClientEvent):
    type: Literal["response.cancel"]
    response_id: str | None = Field(None, max_length=LONGEST_ID)


ClientEvent = (
    SessionUpdate | AudioAppend | AudioCommit | AudioClear | ItemCreate | ItemRetrieve | ItemDelete | ItemTruncate
    | ResponseCreate | ResponseCancel
)  # fmt: skip
_CLIENT = TypeAdapter[ClientEvent](Annotated[ClientEvent, Field(discriminator="type")])
KINDS = tuple(
    str(one.model_fields["type"].annotation.__args__[0])  # type: ignore[union-attr] # every one has a Literal
    for one in (
        SessionUpdate, AudioAppend, AudioCommit, AudioClear, ItemCreate, ItemRetrieve, ItemDelete, ItemTruncate, ResponseCreate,
        ResponseCancel,
    )
)  # fmt: skip


_ITEMS = frozenset({"message", "function_call", "function_call_output"})


def client_event(text: str) -> ClientEvent:
    """Parse an event of the client.

    Raises:
        WrongParameter: it is no JSON object, an unknown event, or has an invalid field.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise WrongParameter("openai.realtime-no-json", param="", openai_code="invalid_json")
    kind = given.get("type")
    if kind is None:
        raise WrongParameter("openai.realtime-missing", param="type", openai_code="missing_required_parameter", name="type")
    if kind not in KINDS:
        raise WrongParameter(
            "openai.realtime-no-event", param="type", openai_code="invalid_value", type=str(kind)[:80], known=", ".join(KINDS)
        )
    try:
        return _CLIENT.validate_python(given)
    except ValidationError as problem:
        raise refusal_of(problem, named=_fields_alone) from None


def event_id_of(text: str) -> str | None:
    """Return the client's id of an event that could not be parsed."""
    try:
        found = json.loads(text).get("event_id")
    except (ValueError, RecursionError, AttributeError):
        return None
    return found[:LONGEST_ID] if isinstance(found, str) else None


def _fields_alone(where: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The place of a value without the members of unions that pydantic names, of which clients know nothing."""
    fields = where[1:] if where and where[0] in KINDS else where
    return (fields[0], *fields[2:]) if len(fields) > 1 and fields[1] in _ITEMS else fields
