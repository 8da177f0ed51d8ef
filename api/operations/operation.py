"""Defines public calls, and the decorator that makes one from a function.

Every call is defined once, as a function with validated input and typed output. The endpoints of gradio_client, the routes
under /api/v1 and their OpenAPI document, the tools of language models, the command line and the reference are generated from
it. Each module of calls has one `Group` with a decorator:

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

from api.error_codes import covered, of_call, of_every_call
from api.operations.files import is_file_field
from studio.errors import GreenroomError, InvalidInput

F = TypeVar("F", bound=Callable[..., Any])


class Access(StrEnum):
    """What a call does to the studio."""

    READS = "reads"
    WRITES = "writes"
    DELETES = "deletes"  # or ends work, which cannot be undone by the client


@dataclass(frozen=True)
class Queue:
    """A limit on concurrent calls; further ones wait."""

    name: str
    at_once: int


WORK = Queue("gpu", 1)
"""For calls that wait for a job. Those of gradio_client wait in Gradio's queue; the jobs themselves run in the studio's
lanes."""


class Input(BaseModel):
    """Base of the arguments of a call. Unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Input):
    """A call without arguments."""


class Answer(BaseModel):
    """Base of the answers of calls. Later versions may add fields; clients ignore fields that they do not know."""

    model_config = ConfigDict(extra="allow")


class Parts(BaseModel):
    """An answer with several parts: a tuple in this order for gradio_client, an object for all other clients."""


@dataclass(frozen=True)
class Operation:
    """One public call.

    Attributes:
        name: the same in every protocol. summary: one sentence. description: further text, or "". input, output: the arguments,
            and the type of the answer: a model, a list of models, a file, or `Parts`. queue: limits concurrent calls; None for
            calls without a limit.
        waits: whether the call waits for a job. tool: whether it is a tool for language models. Calls that load and unload
            engines are not, because the studio does that itself, nor are calls for administration.
        example: arguments of a valid call. A value in capitals, such as "JOB", stands for an id from an earlier call, and one
            that begins with "@" for a file.
        errors: classes of errors that it may raise, in addition to those of every call; they determine the HTTP statuses.
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

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes with which it may end, or areas of them (`error_codes`): its own first, then those of every call."""
        return (*of_call(self.name), *of_every_call())

    def declares(self, code: str) -> bool:
        """Return whether the call may raise an error with this code."""
        return covered(code, self.codes)

    @property
    def waits(self) -> bool:
        return self.queue is WORK

    @property
    def reads(self) -> bool:
        return self.access is Access.READS

    @cached_property
    def files(self) -> frozenset[str]:
        """The names of the arguments that are files."""
        return frozenset(name for name, one in self.input.model_fields.items() if is_file_field(one))

    @property
    def by_get(self) -> bool:
        """Whether GET is possible: it reads, and its arguments are scalar values."""
        fields = self.input.model_fields.values()
        return self.reads and all(one.annotation in (str, int, float, bool) and not is_file_field(one) for one in fields)

    @cached_property
    def answers(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.output)

    @property
    def parts(self) -> bool:
        """Whether the answer has several parts."""
        return isinstance(self.output, type) and issubclass(self.output, Parts)

    def as_json(self, answer: Any) -> Any:
        """Return an answer as JSON values."""
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
