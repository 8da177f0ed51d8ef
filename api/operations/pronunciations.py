"""Calls about the pronunciation list."""

from __future__ import annotations

from urllib.parse import urlencode

from pydantic import Field

from api.operations.answers.jobs import JobAnswer
from api.operations.answers.pronunciations import ImportedAnswer, PronunciationAnswer
from api.operations.context import OperationContext
from api.operations.files import FileRef, InputFile
from api.operations.narrations import NarrationId, narration_of, narrations_of, submitted
from api.operations.operation import Access, Group, Input, Nothing
from capabilities.voiceover.spec import VoiceoverSpec
from studio.errors import NotFound, StorageError
from studio.files import write_atomic
from studio.pronunciations import Pronunciation
from studio.pronunciations.csv_files import from_csv, to_csv

GROUP = Group("pronunciations", "Pronunciations", "How words are said that a voice would say otherwise.")

WORD = Field(description="As it is written in scripts; written small it stands for any case.")
SAYING = Field(description='What is said for it: a respelling ("Win"), or IPA between slashes ("/nwɪn/").')
VOICE = Field("", description="A voice that it is for alone; empty for every voice.")
LANGUAGE = Field("", description="Tag of the language of the texts that it is for; empty for all.")
EXAMPLE = {"word": "Nguyen", "saying": "/nwɪn/"}


class SetInput(Input):
    word: str = WORD
    saying: str = SAYING
    voice: str = VOICE
    language: str = LANGUAGE
    replaces: str = Field("", description="Id of an entry that this one takes the place of, where its word or voice changes.")


class EntryId(Input):
    entry: str = Field(description="Its id, as `pronunciations` lists it.")


class HearInput(Input):
    word: str = WORD
    saying: str = SAYING
    voice: str = Field("", description="In which voice; empty for the clearest.")
    language: str = Field("", description="Tag of a language; empty for the voice's own.")


class TableInput(Input):
    file: InputFile = Field(description="A CSV file with the columns word, saying and, where wanted, voice and language.")


@GROUP.operation(Access.READS)
def pronunciations(context: OperationContext, call: Nothing) -> list[PronunciationAnswer]:
    """The pronunciation list, by word.

    Every narration, batch and spoken line takes the entries for its words when it is handed in; what is rendered already stays.
    """
    return [_answer(one) for one in context.studio.pronunciations.list()]


@GROUP.operation(Access.WRITES, errors=(StorageError,), example=EXAMPLE)
def set_pronunciation(context: OperationContext, call: SetInput) -> PronunciationAnswer:
    """Say how a word is said, everywhere or by one voice; an entry for the same word is replaced.

    Engines that read phonetic letters get the IPA, others a respelling made from it. Subtitles keep the word as it is written.
    """
    entry = context.studio.pronunciations.set(call.word, call.saying, of=call.voice, language=call.language, former=call.replaces)
    return _answer(entry)


@GROUP.operation(Access.DELETES, errors=(NotFound, StorageError), example={"entry": "ENTRY"})
def delete_pronunciation(context: OperationContext, call: EntryId) -> PronunciationAnswer:
    """Take an entry out of the list; `restore_pronunciation` puts it back for half an hour."""
    return _answer(context.studio.pronunciations.delete(call.entry))


@GROUP.operation(Access.WRITES, errors=(NotFound, StorageError), example={"entry": "DELETED"})
def restore_pronunciation(context: OperationContext, call: EntryId) -> PronunciationAnswer:
    """Put an entry back that was deleted in the last half hour."""
    return _answer(context.studio.pronunciations.put_back(call.entry))


@GROUP.operation(Access.READS, errors=(NotFound,), example=EXAMPLE)
def hear_pronunciation(context: OperationContext, call: HearInput) -> FileRef:
    """Hear a word as an entry would have it said, before it is saved."""
    path = context.previews.word(call.word, call.saying, call.voice, call.language)
    asked = urlencode({"word": call.word, "saying": call.saying, "voice": call.voice, "language": call.language})
    return context.file(path, f"/media/pronunciations?{asked}")


@GROUP.operation(Access.READS, errors=(StorageError,))
def export_pronunciations(context: OperationContext, call: Nothing) -> FileRef:
    """The pronunciation list as a CSV file, which spreadsheets and `import_pronunciations` read."""
    path = context.files.place("pronunciations.csv")
    write_atomic(path, to_csv(context.studio.pronunciations.list()))
    return context.file(path, "/media/pronunciations.csv")


@GROUP.operation(Access.WRITES, errors=(StorageError,), example={"file": "@TABLE"})
def import_pronunciations(context: OperationContext, call: TableInput) -> ImportedAnswer:
    """Add the entries of a CSV file to the list; those for the same words are replaced. One wrong row, and nothing is changed."""
    return ImportedAnswer(imported=context.studio.pronunciations.add_all(from_csv(call.file)))


@GROUP.operation(Access.WRITES, errors=(NotFound,), example={"job_id": "NARRATION"})
def apply_pronunciations(context: OperationContext, call: NarrationId) -> JobAnswer:
    """Speak a narration again with the list as it is now; gives the new job at once. Only sentences that differ are rendered."""
    spec = VoiceoverSpec(**narration_of(context, call.job_id).spec)
    return submitted(context, narrations_of(context).with_present_sayings(spec))


def _answer(entry: Pronunciation) -> PronunciationAnswer:
    return PronunciationAnswer.model_validate(entry.as_dict())
