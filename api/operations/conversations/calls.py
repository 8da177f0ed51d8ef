"""Calls about conversations that were had: with the studio, and rehearsals of a scene."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import quote

from pydantic import Field

from api.operations.answers.jobs import JobAnswer
from api.operations.answers.library import OutputAnswer
from api.operations.answers.voices import VoiceAnswer
from api.operations.context import OperationContext
from api.operations.conversations.answers import ConversationAnswer, ConversationRow, DeletedConversation
from api.operations.files import FileRef
from api.operations.jobs import MOST_LISTED, within
from api.operations.narrations import submitted
from api.operations.operation import Access, Group, Input
from capabilities.conversation.account.into_studio import TurnTaker
from capabilities.conversation.past import PastTalks
from studio.errors import MediaError, NotFound, StorageError

GROUP = Group("conversations", "Conversations", "What was said with the studio, what of it was heard, and what becomes of it.")
REFUSALS = (NotFound, StorageError)

CONVERSATION = Field(description="Its id, as `conversations` lists it.")
TURN = Field(description="The turn's id, as `conversation` lists it.")
OF_TURN = {"conversation": "CONVERSATION", "turn": "a1"}


class ConversationsInput(Input):
    limit: int = Field(50, description="At most so many, 1 to 1000.")


class ConversationId(Input):
    conversation: str = CONVERSATION


class RenameInput(ConversationId):
    title: str = Field(description="Its new title.")


class ExportInput(ConversationId):
    format: str = Field(
        "zip",
        description="script, srt, wav (the person left, the studio right), json, or zip for all; of a rehearsal script, json.",
    )


class TurnInput(Input):
    conversation: str = CONVERSATION
    turn: str = TURN


class SpeakTurnInput(TurnInput):
    voice: str = Field("", description="In which voice; empty for that of the reply, or the default for a person's words.")
    whole: bool = Field(False, description="Of a reply that was interrupted all that it was to say, and not just what was heard.")


class TurnVoiceInput(TurnInput):
    name: str = Field(description="What to call the voice; unique.")
    consent: str = Field(
        "",
        description="Who agreed to the use of this voice, how and when. Needed but for a reply in a voice with consent recorded.",
    )


@GROUP.operation(Access.READS, example={"limit": 5})
def conversations(context: OperationContext, call: ConversationsInput) -> list[ConversationRow]:
    """Conversations and rehearsals that were had, the newest first."""
    found = PastTalks(context.studio).all(within(call.limit, MOST_LISTED))
    return [ConversationRow.model_validate({**asdict(one), "kind": one.kind.value}) for one in found]


@GROUP.operation(Access.READS, errors=(NotFound,), example={"conversation": "CONVERSATION"})
def conversation(context: OperationContext, call: ConversationId) -> ConversationAnswer:
    """A conversation turn by turn: what was said, what was heard, how long each answer took; of a rehearsal its lines."""
    return ConversationAnswer.model_validate(PastTalks(context.studio).fields(call.conversation))


@GROUP.operation(Access.DELETES, errors=REFUSALS, example={"conversation": "OLDCONVERSATION"})
def delete_conversation(context: OperationContext, call: ConversationId) -> DeletedConversation:
    """Delete a conversation with its sound; `restore_conversation` puts it back for half an hour."""
    return DeletedConversation(id=call.conversation, title=PastTalks(context.studio).delete(call.conversation))


@GROUP.operation(Access.WRITES, errors=REFUSALS, example={"conversation": "DELETEDCONVERSATION"})
def restore_conversation(context: OperationContext, call: ConversationId) -> DeletedConversation:
    """Put a conversation back that was deleted in the last half hour."""
    return DeletedConversation(id=call.conversation, title=PastTalks(context.studio).put_back(call.conversation))


@GROUP.operation(Access.WRITES, errors=REFUSALS, example={"conversation": "CONVERSATION", "title": "About the tide"})
def rename_conversation(context: OperationContext, call: RenameInput) -> ConversationAnswer:
    """Give a conversation another title."""
    talks = PastTalks(context.studio)
    talks.rename(call.conversation, call.title)
    return ConversationAnswer.model_validate(talks.fields(call.conversation))


@GROUP.operation(
    Access.READS,
    errors=(*REFUSALS, MediaError),
    example={"conversation": "CONVERSATION", "format": "srt"},
)
def export_conversation(context: OperationContext, call: ExportInput) -> FileRef:
    """A conversation as a file: what was heard as a script or as subtitles, both sides' sound as stereo, everything as data."""
    path = PastTalks(context.studio).export(call.conversation, call.format)
    asked = quote(call.format.strip().lower(), safe="")
    return context.file(path, f"/media/conversations/{quote(call.conversation, safe='')}?format={asked}")


@GROUP.operation(Access.WRITES, errors=(*REFUSALS, MediaError), example=OF_TURN)
def keep_turn(context: OperationContext, call: TurnInput) -> OutputAnswer:
    """Put the sound of one turn into the library, as it was spoken or heard; `lip_sync` takes it from there."""
    return OutputAnswer.of(_turns(context).keep_sound(call.conversation, call.turn), context.links)


@GROUP.operation(Access.WRITES, errors=(*REFUSALS, MediaError), example=OF_TURN)
def speak_turn(context: OperationContext, call: SpeakTurnInput) -> JobAnswer:
    """Make the words of a turn a narration; gives the job at once."""
    return submitted(context, _turns(context).to_speak(call.conversation, call.turn, call.voice, whole=call.whole))


@GROUP.operation(
    Access.WRITES,
    errors=(*REFUSALS, MediaError),
    example={**OF_TURN, "name": "From a conversation"},
)
def keep_turn_voice(context: OperationContext, call: TurnVoiceInput) -> VoiceAnswer:
    """Save a voice from the sound of a turn, with its words as the transcript."""
    kept = _turns(context).keep_voice(call.conversation, call.turn, call.name, call.consent)
    return VoiceAnswer.model_validate(kept.as_dict())


def _turns(context: OperationContext) -> TurnTaker:
    return TurnTaker(context.studio, PastTalks(context.studio).accounts)
