"""What a public call is, and how a function becomes one.

Every call is defined once, as a function with a checked input and a described output; the endpoints of gradio_client, the routes
under /api/v1 and their OpenAPI document, the tools of language models, the command line and the reference are made from that.
A module of calls has one `Group`, and its functions are added to it:

    VOICES = Group("voices", "Voices", "Saved voices and their samples.")

    @VOICES.operation(Access.READS, example={"voice": "Linda"}, errors=(NotFound,))
    def voice_sample(context: OperationContext, call: VoiceName) -> FileRef:
        '''How a voice sounds.

        Further sentences, for those who read the reference.'''
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from api.operations.files import is_file_field
from studio.errors import GreenroomError, InvalidInput

F = TypeVar("F", bound=Callable[..., Any])


class Access(StrEnum):
    """What a call does to the studio."""

    READS = "reads"
    WRITES = "writes"
    DELETES = "deletes"  # or ends work: what is gone does not come back by itself


@dataclass(frozen=True)
class Queue:
    """Calls of one name run side by side up to a number; further ones wait for their turn."""

    name: str
    at_once: int


WORK = Queue("gpu", 1)
"""Of calls that wait for a job. gradio_client's wait in Gradio's queue; the jobs themselves have the studio's lanes."""


class Input(BaseModel):
    """The arguments of a call. An unknown one is refused."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Input):
    """A call without arguments."""


class Answer(BaseModel):
    """What a call gives. Further fields may come with later versions: a program reads those that it knows."""

    model_config = ConfigDict(extra="allow")


class Parts(BaseModel):
    """Several answers in one: gradio_client gets them one by one, in this order, and everybody else by name."""


@dataclass(frozen=True)
class Operation:
    """One public call.

    Attributes:
        name: by which it is called everywhere.
        summary: a sentence; description: what else there is to know, "" when nothing.
        input, output: the arguments, and the type of the answer: a model, a list of models, a file, or `Parts`.
        queue: where calls wait for each other; None when they are answered at once.
        waits: whether the call lasts as long as the job that it begins.
        tool: whether language models get it as a tool. The studio loads engines for a job and lets them go by itself, and some
            calls are for whoever looks after the machine.
        example: arguments of a good call. A value in capitals, such as "JOB", stands for an id that an earlier call gave, and
            one that begins with "@" for a file.
        errors: kinds of errors that it may end with, beside those of every call.
    """

    name: str
    group: Group = field(repr=False)
    run: Callable[[Any, Any], Any] = field(repr=False)
    summary: str
    description: str
    input: type[Input]
    output: Any
    access: Access
    queue: Queue | None
    tool: bool
    example: Mapping[str, Any]
    errors: tuple[type[GreenroomError], ...]

    @property
    def waits(self) -> bool:
        return self.queue is WORK

    @property
    def reads(self) -> bool:
        return self.access is Access.READS

    @cached_property
    def files(self) -> frozenset[str]:
        """Names of the arguments that are files."""
        return frozenset(name for name, one in self.input.model_fields.items() if is_file_field(one))

    @property
    def by_get(self) -> bool:
        """Whether it may be asked for by an address alone: it reads, and its arguments are plain values."""
        fields = self.input.model_fields.values()
        return self.reads and all(one.annotation in (str, int, float, bool) and not is_file_field(one) for one in fields)

    @cached_property
    def answers(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.output)

    @property
    def parts(self) -> bool:
        """Whether the answer is several in one."""
        return isinstance(self.output, type) and issubclass(self.output, Parts)

    def as_json(self, answer: Any) -> Any:
        """An answer as JSON values."""
        return self.answers.dump_python(answer, mode="json", exclude_unset=True)


@dataclass(frozen=True)
class Group:
    """Calls about one thing.

    Attributes:
        name: in addresses and documents. title, about: for people.
    """

    name: str
    title: str
    about: str
    operations: dict[str, Operation] = field(default_factory=dict, repr=False, compare=False)

    def operation(
        self,
        access: Access,
        *,
        queue: Queue | None = None,
        tool: bool = True,
        example: Mapping[str, Any] | None = None,
        errors: tuple[type[GreenroomError], ...] = (),
    ) -> Callable[[F], F]:
        """A decorator for a function (context, input) → output. Its docstring's first sentence is the summary."""

        def add(function: F) -> F:
            name: str = function.__name__
            hints = typing.get_type_hints(function, include_extras=True)
            call = list(inspect.signature(function).parameters)[1]
            summary, _, description = (inspect.getdoc(function) or "").partition("\n\n")
            kinds = (*errors, *((InvalidInput,) if hints[call].model_fields else ()))
            self.operations[name] = Operation(
                name, self, function, " ".join(summary.split()), " ".join(description.split()), hints[call], hints["return"],
                access, queue, tool, dict(example or {}), tuple(dict.fromkeys(kinds)),
            )  # fmt: skip
            return function

        return add
