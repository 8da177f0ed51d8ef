"""Results as calls give them."""

from __future__ import annotations

from pydantic import Field

from api.operations.files import Links
from api.operations.operation import Answer
from studio.library.model import LibraryOutput


class OutputAnswer(Answer):
    """One result in the library."""

    id: str = Field(description="Its file's name; it goes wherever a call takes a file.")
    path: str = Field(description="Where it lies on the machine of the studio.")
    kind: str
    title: str
    created: float
    size: int = Field(description="In bytes.")
    duration: float | None
    companions: list[str] = Field(description="Files beside it: subtitles, timed words.")
    keep: bool
    engine: str
    voice: str
    licence: str
    commercial_use: bool | None
    job: str
    parents: list[str] = Field(description="Ids of the results that it was made from.")
    url: str = Field("", description="Where it is fetched; over HTTP and for tools.")

    @classmethod
    def of(cls, output: LibraryOutput, links: Links | None) -> OutputAnswer:
        fields = output.as_dict()
        return cls.model_validate(fields if links is None else {**fields, "url": links.output(output.id, output.path)})


class RecipeAnswer(Answer):
    """How a result was made. What else stands in it depends on the kind of job."""

    kind: str = Field("", description="What `submit` takes as its kind.")
    spec: dict[str, object] = Field({}, description="What `submit` takes as its spec.")
    engine: str = ""
    licence: str = ""
    commercial_use: bool | None = None


class SegmentAnswer(Answer):
    """A sentence of a narration."""

    index: int
    id: str
    text: str = Field(description="As it is written.")
    spoken: str = Field("", description="What is said for it; empty where that is the same.")
    outdated: bool = Field(False, description="The pronunciation list says a word of it otherwise by now.")
    speaker: str
    voice: str
    state: str = Field(description="missing, ready or doubtful.")
    duration: float | None
    path: str | None
    note: str = Field(description="Why it is doubtful.")
    span: list[int] = Field(description="Where it stands in the script.")
    takes: list[dict[str, object]]
    held: bool = Field(False, description="Its voice was made up and is cloned from one sentence, see `made_voices`.")
