"""The spec of an audiobook: chapters of passages, the cast, and the metadata of the files."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from capabilities.common.seed import LARGEST_SEED
from capabilities.voiceover.spec import LONGEST_SCRIPT, CheckMode, LexiconEntry, Word

LONGEST_PASSAGE = 100_000
MOST_CHAPTERS = 1_000


class Passage(BaseModel):
    """A passage of one speaker; `who` is a name of the cast, "" for the narrator. White space at its ends is significant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: str = Field("", max_length=100)
    text: str = Field(max_length=LONGEST_PASSAGE)


class BookChapter(BaseModel):
    """A chapter; its title is read aloud. A paragraph is the sequence of its passages, and one without any is a scene break."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=300, pattern=r"\S")
    paragraphs: tuple[tuple[Passage, ...], ...] = ()


class AudiobookSpec(BaseModel):
    """One audiobook.

    Args:
        chapters: in order; each is a chapter of the M4B and a file of its own.
        title, author, narrator, date, description: metadata of the files. `narrator` is a person's name.
        cover: an output's id or an uploaded picture; "" for none.
        credits: whether opening and closing credits with title, author and narrator are spoken, as stores require.
        voice, engine, options, language, seed, check, check_with, lexicon, pronunciations, replace_unsayable, takes, picks: as in
            VoiceoverSpec.
        cast: name to voice; the narrator reads the lines of others without a break.
        chapter_files: whether an MP3 for each chapter is written in addition to the M4B.
        parent: the output that this one is based on, "" for none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    chapters: tuple[BookChapter, ...] = Field(min_length=1, max_length=MOST_CHAPTERS)
    title: str = Field("", max_length=200)
    author: str = Field("", max_length=200)
    narrator: str = Field("", max_length=200)
    date: str = Field("", max_length=40)
    description: str = Field("", max_length=4_000)
    cover: str = Field("", max_length=1_000)
    credits: bool = True
    chapter_files: bool = True
    cast: dict[str, str] = Field({}, max_length=500)
    voice: str = Field("", max_length=200)
    engine: str = Field("auto", max_length=100)
    options: dict[str, Any] = {}
    language: str = Field("auto", max_length=35)
    seed: int | None = Field(None, ge=0, le=LARGEST_SEED)
    check: CheckMode | None = None
    check_with: str = Field("auto", max_length=100)
    replace_unsayable: bool = False
    takes: dict[str, int] = {}
    picks: dict[str, Annotated[int, Field(ge=0, le=LARGEST_SEED)]] = {}
    pronunciations: dict[Word, Annotated[str, Field(max_length=200)]] | None = Field(None, max_length=1000)
    lexicon: tuple[LexiconEntry, ...] | None = Field(None, max_length=5000)
    reading: int | None = None
    replaced_voices: dict[str, str] = {}
    parent: str = Field("", max_length=200)

    @field_validator("cast")
    @classmethod
    def _names(cls, cast: dict[str, str]) -> dict[str, str]:
        return {" ".join(name.split()): voice.strip() for name, voice in cast.items() if name.strip() and voice.strip()}

    @model_validator(mode="after")
    def _not_too_long(self) -> AudiobookSpec:
        length = sum(len(one.text) for chapter in self.chapters for paragraph in chapter.paragraphs for one in paragraph)
        if length > LONGEST_SCRIPT - 100_000:
            raise ValueError(f"a book has at most {LONGEST_SCRIPT - 100_000:,} characters, some thirty hours: make it in parts")
        return self
