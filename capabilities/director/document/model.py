"""A project as a document: scenes of shots of lines, a cast, a look, captions and music.

It contains all decisions of the user and nothing that is derived: which steps are stale, how long a shot lasts and what it costs
are computed (`capabilities.director.film`). Values are immutable; `changes` makes a new document from an old one. Ids are random,
never change, and are unique in the project.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from studio.normal_forms import normalised

FORMAT: Literal[1] = 1
"""Of the stored document. Defaults are left out of it, so a default never changes within a format."""

LONGEST_LINE = 20_000
MOST_SHOTS = 20_000
LARGEST_SEED = 2**31 - 1
SHORTEST_SHOT, LONGEST_SHOT = 0.4, 600.0
LONGEST_SILENCE = 30.0

Id = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]
Show = Literal["presenter", "animatic", "picture", "clip"]
Ratio = Literal["16:9", "9:16", "1:1"]
CaptionMode = Literal["burned", "soft", "off"]
Facts = Literal["", "not checked", "from the notes"]
_FILE = 400


def new_id(letter: str) -> str:
    """Return a random id; its letter tells readers of the file the kind: c scene, s shot, l line."""
    return f"{letter}{secrets.token_hex(5)}"


class BoardPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


class BoardLine(BoardPart):
    """One line of one speaker.

    Args:
        who: a name of the cast; "" for the first.
        text: as in a script of the Voiceover tab, including marks of pauses.
        pause: silence after it in seconds; None for the default.
        speed: 1 is the voice's own.
        emphasis: style of the delivery, for voices that take one.
        take: number of the take; each is another rendering of the same words.
        doubt: margin by which the attributed speaker is ahead of `other`; None once a person has decided who speaks.
        other: the second most likely speaker.
    """

    id: Id = Field(default_factory=lambda: new_id("l"))
    who: str = Field("", max_length=60)
    text: str = Field("", max_length=LONGEST_LINE)
    pause: Annotated[float, Field(ge=0, le=30)] | None = None
    speed: float = Field(1.0, ge=0.5, le=2.0)
    emphasis: str = Field("", max_length=200)
    take: int = Field(0, ge=0, le=10_000)
    doubt: Annotated[float, Field(ge=0, le=100)] | None = None
    other: str = Field("", max_length=60)


class BoardShot(BoardPart):
    """The picture during some lines.

    Args:
        show: the speaker's portrait with moving lips; a painted scene; the user's picture under a moving camera; or the user's
            clip.
        see: the description of the scene.
        file: a picture or clip, see `Project`.
        corner: whether the speaker is shown in the corner, over the scene.
        seconds: minimum length; None for the length of its lines.
        lead, tail: seconds before the first word and after the last; None for the default.
        seed: None for the look's.
        approved: by the user.
        locked: must not be changed.
        marked: during proof-listening, to be checked again.
    """

    id: Id = Field(default_factory=lambda: new_id("s"))
    show: Show = "animatic"
    see: str = Field("", max_length=2_000)
    camera: str = Field("", max_length=100)
    file: str = Field("", max_length=_FILE)
    corner: bool = False
    seconds: Annotated[float, Field(ge=SHORTEST_SHOT, le=LONGEST_SHOT)] | None = None
    lead: Annotated[float, Field(ge=0, le=LONGEST_SILENCE)] | None = None
    tail: Annotated[float, Field(ge=0, le=LONGEST_SILENCE)] | None = None
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] | None = None
    approved: bool = False
    locked: bool = False
    marked: bool = False
    lines: tuple[BoardLine, ...] = ()


class BoardScene(BoardPart):
    """A group of shots; a chapter of an audiobook."""

    id: Id = Field(default_factory=lambda: new_id("c"))
    title: str = Field("", max_length=300)
    shots: tuple[BoardShot, ...] = ()


class CastMember(BoardPart):
    """A speaker.

    Args:
        voice: as in a voiceover; "" for the default.
        portrait: a picture, see `Project`; "" for one that ships with the studio.
        style: of the delivery.
        aliases, gender: how a text refers to the speaker.
    """

    voice: str = Field("", max_length=200)
    portrait: str = Field("", max_length=_FILE)
    style: str = Field("", max_length=200)
    aliases: tuple[Annotated[str, Field(max_length=60)], ...] = ()
    gender: Literal["", "female", "male", "other"] = ""


class Look(BoardPart):
    """The look of all shots: aspect ratio, height in lines, and seed."""

    ratio: Ratio = "16:9"
    height: int = Field(720, ge=96, le=1080, multiple_of=2)
    seed: int = Field(0, ge=0, le=LARGEST_SEED)


class Captions(BoardPart):
    """Captions burned into the frames, as a track of the file, or none."""

    mode: CaptionMode = "burned"


class Music(BoardPart):
    """Background music, which is lowered under the speech: a file, see `Project` ("" for none), and its level in decibels."""

    file: str = Field("", max_length=_FILE)
    level: float = Field(-12.0, ge=-40, le=0)


class SourceReading(BoardPart):
    """What became of the characters of the document that a project was read from, white space aside.

    Args:
        source: characters that a second reading of the file finds. kept: in the board. left_out: by kind.
        complete: whether both readings have the same characters; else `missing` is where they part.
    """

    source: int = Field(0, ge=0)
    kept: int = Field(0, ge=0)
    left_out: Mapping[str, int] = {}
    complete: bool = True
    missing: str = Field("", max_length=200)


class BookDetails(BoardPart):
    """What the files of an audiobook tell of it.

    Args:
        narrator: a name for people. cover: a picture, as `Project` says of files.
        credits: whether title, author and narrator are said first and the end is said last.
        chapter_files: whether an MP3 is made for each chapter.
    """

    author: str = Field("", max_length=200)
    narrator: str = Field("", max_length=200)
    date: str = Field("", max_length=40)
    description: str = Field("", max_length=4_000)
    cover: str = Field("", max_length=_FILE)
    credits: bool = True
    chapter_files: bool = True
    reading: SourceReading | None = None


class BoardOrigin(BoardPart):
    """The origin of the board.

    Args:
        by: "template writer", the name of a language model, "" for a person, or the name of an imported document.
        facts: how far its statements are known to be true.
    """

    by: str = Field("", max_length=200)
    facts: Facts = ""
    source: str = Field("", max_length=300)


class Project(BoardPart):
    """The whole document.

    A file is an output's id or the path of an upload, as in a job; the store copies uploads into the project's own folder, where
    they are named `files/<name>`, so that a project does not depend on the uploads.

    Args:
        id: the name of its folder.
        version: number of changes.
        cast: by name; the first is the presenter or narrator.
        topic, notes: what it was made from.
        archived: hidden from lists.
    """

    format: Literal[1] = FORMAT
    id: str = Field("", max_length=120)
    version: int = Field(0, ge=0)
    title: str = Field("Untitled", min_length=1, max_length=200)
    kind: Literal["film", "audiobook"] = "film"
    topic: str = Field("", max_length=2_000)
    notes: str = Field("", max_length=200_000)
    language: str = Field("auto", max_length=35)
    origin: BoardOrigin = BoardOrigin()
    archived: bool = False
    cast: Mapping[str, CastMember] = Field({}, max_length=200)
    look: Look = Look()
    captions: Captions = Captions()
    music: Music = Music()
    book: BookDetails = BookDetails()
    scenes: tuple[BoardScene, ...] = ()

    @field_validator("title")
    @classmethod
    def _one_line(cls, title: str) -> str:
        told = " ".join(normalised("NFC", title).split())
        if not told:
            raise ValueError("a title needs at least one character")
        return told

    @model_validator(mode="after")
    def _ids_differ(self) -> Project:
        seen: set[str] = set()
        for one in self.parts():
            if one.id in seen:
                raise ValueError(f"two parts have the id {one.id}")
            seen.add(one.id)
        return self

    def parts(self) -> Iterator[BoardScene | BoardShot | BoardLine]:
        """Yield every scene, its shots and their lines, in order."""
        for scene in self.scenes:
            yield scene
            for shot in scene.shots:
                yield shot
                yield from shot.lines

    def shots(self) -> Iterator[BoardShot]:
        for scene in self.scenes:
            yield from scene.shots

    def lines(self) -> Iterator[BoardLine]:
        for shot in self.shots():
            yield from shot.lines

    def as_stored(self) -> dict[str, Any]:
        """Return JSON values without defaults, `format` and `id` first."""
        ids = {"format": self.format, "id": self.id, "version": self.version, "title": self.title}
        return ids | self.model_dump(mode="json", exclude_defaults=True)
