"""How what is wrong with a take lies beside its sound: English sentences, and the messages that they are made from.

The sentences alone are what earlier versions of the studio wrote, and what they still read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from media.errors import literal
from media.messages.catalogue import Entry, entry, is_code
from media.messages.languages import SOURCE_LANGUAGE
from media.messages.message import Message


def as_stored(problems: Iterable[Message]) -> dict[str, Any]:
    """Return the fields `problems` and `problem_messages` as JSON, one for one."""
    problems = tuple(problems)
    return {
        "problems": [problem.reason(SOURCE_LANGUAGE) for problem in problems],
        "problem_messages": [problem.as_dict() for problem in problems],
    }


def read_stored(data: Mapping[str, Any]) -> tuple[Message, ...]:
    """Return the stored problems; a sentence without a message is shown as it is.

    Raises:
        KeyError, TypeError: `data` has no list of problems.
    """
    sentences = [str(sentence) for sentence in data["problems"]]
    messages = data.get("problem_messages")
    if not isinstance(messages, list) or len(messages) != len(sentences):
        messages = [None] * len(sentences)
    return tuple(_problem(sentence, message) for sentence, message in zip(sentences, messages, strict=True))


def _problem(sentence: str, fields: object) -> Message:
    if not isinstance(fields, Mapping) or not is_code(str(fields.get("code"))):
        return Message.of("take.as-stored", sentence=sentence)
    known = entry(str(fields["code"]), SOURCE_LANGUAGE) is not None
    return Message.from_dict(fields, None if known else Entry(literal(sentence)))
