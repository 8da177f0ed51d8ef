"""The prompt for one sentence of a script, and the checks of its answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from engines.contract import ChatMessage, ChatRequest
from media.messages.message import Message

Task = Literal["ear", "translate"]
TITLES = {"ear": "Rewritten for the ear", "translate": "Translated"}
_ROOM = 3.0
"""Times as long as it was: longer is no rewriting any more."""


class SentenceAnswer(BaseModel):
    """The replacement of a sentence."""

    model_config = ConfigDict(extra="forbid")

    say: str


_EAR = (
    "You edit scripts that are read aloud. Rewrite the one sentence that you are given so that a listener follows it at once: "
    "write numbers, dates, units and abbreviations out in words, turn what stands in brackets into a part of the sentence, and "
    "make two short sentences of a long one. Keep its language, its meaning, every fact and every name. Add nothing."
)
_EXAMPLE = (
    "The plant (built in 1998) makes approx. 40% of the city's power, i.e. 3 GW.",
    '{"say": "The plant, built in nineteen ninety-eight, makes about forty per cent of the city\'s power. '
    'That is three gigawatts."}',
)


def question(task: Task, text: str, language: str, seed: int) -> ChatRequest:
    """Return the chat for one sentence.

    Args:
        language: name of the target language.
    """
    longest = min(2_048, 80 + len(text))
    schema = SentenceAnswer.model_json_schema()
    if task == "ear":
        asked, answered = _EXAMPLE
        chat = (
            ChatMessage("system", _EAR),
            ChatMessage("user", asked),
            ChatMessage("assistant", answered),
            ChatMessage("user", text),
        )
        return ChatRequest(chat, longest, 0.2, seed, schema)
    told = (
        f"You translate scripts that are read aloud into {language}. Translate the one sentence that you are given, and nothing "
        'else, as a native speaker would say it. Keep names. Answer with the translation in the field "say".'
    )
    return ChatRequest((ChatMessage("system", told), ChatMessage("user", text)), longest, 0.2, seed, schema)


def doubt(task: Task, before: str, after: str) -> str:
    """Why an answer should be looked at before it is taken, a sentence; "" for no reason."""
    if len(after) > _ROOM * len(before) + 60:
        return Message.of("rewriting.much-longer").reason()
    if len(after) < len(before) / 4:
        return Message.of("rewriting.much-shorter").reason()
    if task == "translate" and after.casefold() == before.casefold() and len(before.split()) > 3:
        return Message.of("rewriting.not-translated").reason()
    if task == "ear":
        kept = {word.strip(".,;:!?()\"'’“”") for word in before.split()[1:] if word[:1].isupper() and word[1:].islower()}
        lost = sorted(name for name in kept if name and name not in after)
        if lost:
            return Message.of("rewriting.name-missing", names=lost[:3]).reason()
    return ""
