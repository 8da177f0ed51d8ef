"""The root of the studio's exceptions, in the lowest layer so that every package can raise it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from media.messages.catalogue import Entry, is_code
from media.messages.message import Message

E = TypeVar("E", bound="GreenroomError")

_LITERAL = "{sort} was raised with a finished sentence, which is taken until 1.0; give it a code of a catalogue of messages."


class GreenroomError(Exception):
    """A failure with a message for the user: the reason, the remedy, and whether a retry can help.

    It is raised as a code with parameters. The text comes from the catalogue when it is read, in the language of that request,
    also for a failure that was stored in a row or came from a worker.

    Args:
        code: `area.what-is-wrong`, stable, with an entry in `messages/<language>/<area>.toml` of a layer.
        hint: for a finished sentence in place of a code, as engines written for 0.9 raise it; reported under the class's
            `literal_code` until 1.0, with a warning.
        retryable: whether the same request may succeed later without a change; None for the class's default.
        parameters: values of the entry's fields; never a traceback, a secret or a home path.
    """

    retryable_by_default = False
    literal_code: ClassVar[str] = "studio.failed"

    def __init__(self, code: str, hint: str = "", /, *, retryable: bool | None = None, **parameters: Any) -> None:
        super().__init__(code)
        if is_code(code):
            self.message = Message.of(code, **parameters)
        else:
            warnings.warn(_LITERAL.format(sort=type(self).__name__), FutureWarning, stacklevel=2)
            self.message = Message.of(self.literal_code, reason=code, hint=hint or parameters.get("hint", ""))
        self.surroundings: tuple[Message, ...] = ()
        self.retryable = self.retryable_by_default if retryable is None else retryable

    @classmethod
    def saying(cls: type[E], message: Message, *, retryable: bool | None = None) -> E:
        """Return an error of this class with an existing message."""
        return cls(message.code, retryable=retryable, **message.parameters)

    @property
    def code(self) -> str:
        return self.message.code

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.message.parameters

    @property
    def reason(self) -> str:
        """One plain sentence naming what is wrong."""
        return self.reason_in(None)

    @property
    def hint(self) -> str:
        """The next step, or "" when the reason already says it."""
        return self.message.hint()

    def reason_in(self, language: str | None) -> str:
        """Return the reason in a language; None for that of this request."""
        reason = self.message.reason(language)
        for place in self.surroundings:
            reason = Message(place.code, {**place.parameters, "reason": reason}).reason(language)
        return reason

    def hint_in(self, language: str | None) -> str:
        """Return the hint, likewise."""
        return self.message.hint(language)

    def within(self: E, code: str, /, **parameters: Any) -> E:
        """Return this error with its context, such as a line of a script; `{reason}` in the entry of `code` is this error's
        reason.

        The code of the error does not change.
        """
        self.surroundings = (*self.surroundings, Message.of(code, **parameters))
        return self

    def __str__(self) -> str:
        return f"{self.reason} {self.hint}".strip()

    def as_dict(self) -> dict[str, Any]:
        """Return the error as JSON for a job's row, the wire of a worker and the public API; `restored` reads it."""
        fields = {"reason": self.reason, "hint": self.hint, "retryable": self.retryable, **self.message.as_dict()}
        if self.surroundings:
            fields["within"] = [place.as_dict() for place in self.surroundings]
        return fields

    def __reduce__(self) -> tuple[Any, ...]:
        return _empty, (type(self), self.code), self.__dict__


class MediaError(GreenroomError):
    """A sound or picture file cannot be read, is not what it should be, or cannot be written."""

    literal_code = "media.failed"


class InvalidInput(GreenroomError):
    """The request is invalid; the reason names the field."""

    literal_code = "input.refused"


class NotFound(GreenroomError):
    """A named voice, job, output or engine does not exist."""

    literal_code = "input.not-found"


class Cancelled(GreenroomError):
    """The user asked to stop. Raised inside work, never shown as a failure."""

    literal_code = "work.stopped"

    def __init__(self, code: str = "work.cancelled", hint: str = "", /, **parameters: Any) -> None:
        super().__init__(code, hint, retryable=True, **parameters)


def error_class(name: str) -> type[GreenroomError]:
    """Return the error class of a name if its module has been imported; the root for an unknown one."""
    waiting: list[type[GreenroomError]] = [GreenroomError]
    while waiting:
        sort = waiting.pop()
        if sort.__name__ == name:
            return sort
        waiting.extend(sort.__subclasses__())
    return GreenroomError


def restored(fields: Mapping[str, Any], sort: type[E]) -> E:
    """Return the error that `as_dict` returned, as one of this class.

    Sentences from before there were codes, and of codes that no catalogue has, are kept.
    """
    told = Entry(literal(fields.get("reason")), literal(fields.get("hint")))
    error = _empty(sort, "")
    if isinstance(fields.get("code"), str) and is_code(fields["code"]):
        error.message = Message.from_dict(fields, told)
        error.surroundings = tuple(Message.from_dict(place) for place in _places(fields.get("within")))
    else:
        error.message = Message.of(sort.literal_code, reason=str(fields.get("reason", "")), hint=str(fields.get("hint", "")))
    error.args = (error.code,)
    error.retryable = fields.get("retryable") is True
    return error


def _places(within: Any) -> list[Mapping[str, Any]]:
    places = within if isinstance(within, list) else []
    return [one for one in places if isinstance(one, Mapping) and is_code(str(one.get("code")))]


def literal(text: object) -> str:
    """Return a finished sentence as a pattern."""
    return str(text or "").replace("{", "'{'").replace("}", "'}'")


def _empty(sort: type[E], code: str) -> E:
    """An error of the class without its constructor's arguments, which differ between classes; the fields come afterwards."""
    error = sort.__new__(sort, code)
    error.surroundings = ()
    return error
