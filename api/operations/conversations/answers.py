"""What calls about conversations answer."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.operations.operation import Answer


class ConversationRow(Answer):
    """A conversation or a rehearsal in the list."""

    kind: str = Field(description='"conversation", or "rehearsal" for one of a scene.')
    id: str
    title: str
    began: float = Field(description="Seconds since the epoch.")
    duration: float = Field(0.0, description="In seconds; 0 for a rehearsal.")
    turns: int
    cuts: int = Field(0, description="Replies that were interrupted.")
    first: str = Field("", description="What was said first, or how the rehearsal went.")
    live: bool = Field(False, description="It goes on now.")
    unfinished: bool = Field(False, description="The studio was ended in the middle of it; what was said until then is kept.")


class TurnAnswer(Answer):
    """What one side said before the other did. Times are seconds since the conversation began."""

    id: str
    speaker: str = Field(description='"person" or "studio".')
    name: str = Field("", description="What they are called.")
    began: float = 0.0
    ended: float = 0.0
    ending: str = Field("", description='"whole", "cut" where it was interrupted, "open" while it goes on.')
    text: str = Field(description="What was understood of the person, or all that the studio was to say.")
    heard: str = Field(description="What was heard of it.")
    unheard: str = Field("", description="What was to be said and never heard.")
    words: list[Any] = Field([], description="The words of a reply that were heard, each with its start and end.")
    waterfall: dict[str, float] = Field(
        {},
        description=(
            "Seconds from the end of speech until the pause was noticed (vad), the turn was taken to be over (turn), "
            "its words known (asr), the answer begun (first_token), its first sound sent (first_sound), and that heard (heard)."
        ),
    )
    notes: list[Any] = Field([], description="What happened in it besides, such as a reply that was lowered and went on.")


class ConversationAnswer(Answer):
    """The whole of a conversation or a rehearsal but its sound."""

    kind: str = Field(description='"conversation" or "rehearsal".')
    id: str
    title: str
    began: float
    duration: float = 0.0
    ended: str = Field("", description="Why it ended; empty while it goes on, or where the studio was ended in the middle of it.")
    partners: dict[str, Any] = Field({}, description="Who talked: voice, language model, recogniser, persona, language.")
    latency: dict[str, Any] = Field({}, description="Of each stage of the waterfall: p50, p95, max, and of how many replies.")
    turns: list[TurnAnswer]


class DeletedConversation(Answer):
    """One that is gone, or there again."""

    id: str
    title: str
