"""Begins the answers of a session, some of them in the pause behind a person's words, before it is sure that they have finished.

Where they have, the answer is taken over as far as it was made; where they go on, or anything else changes what the language
model would be asked, it is dropped, and nobody hears of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from capabilities.conversation.session.answers.answering import Answering
from capabilities.conversation.session.contract import HistoryItem
from capabilities.conversation.session.history import ConversationHistory
from capabilities.conversation.session.listening.person_turn import PersonTurn
from capabilities.conversation.session.reply import Reply
from capabilities.conversation.session.settings import SessionSettings
from capabilities.conversation.session.values import TurnTimes
from engines.contract import ChatMessage


@dataclass(frozen=True)
class _Foreseen:
    reply: Reply
    text: str
    messages: tuple[ChatMessage, ...]


class Answers:
    """For one session, on its event loop; at most one answer is foreseen.

    Args:
        new_id: of a reply.
    """

    def __init__(self, answering: Answering, history: ConversationHistory, new_id: Callable[[str], str]) -> None:
        self._answering, self._history, self._new_id = answering, history, new_id
        self._known: _Foreseen | None = None

    def answer(self, to: str, times: TurnTimes, settings: SessionSettings, more: str = "") -> str:
        """Begin an answer to the conversation so far, or take over the one that was foreseen; return its id.

        Args:
            to: the turn that it answers. more: is added to the persona.
        """
        messages = self._answering.messages(settings, self._history, more)
        reply = self._taken(to, messages)
        if reply is not None:
            self._answering.replies.begin(reply, times)
            return reply.id
        reply = self._draft(to, settings)
        self._answering.replies.begin(reply, times)
        self._answering.begin(reply, settings, self._history, messages)
        return reply.id

    def foresee(self, turn: PersonTurn, text: str, settings: SessionSettings) -> None:
        """These may be the last words of a turn. Called as long as it is so; begins once."""
        known = self._known
        if known is not None and (known.reply.to, known.text) == (turn.id, text):
            return
        self.drop()
        messages = self._answering.messages(settings, self._history, coming=HistoryItem(turn.id, "user", text))
        reply = self._draft(turn.id, settings)
        self._answering.begin(reply, settings, self._history, messages)
        self._known = _Foreseen(reply, text, messages)

    def keep_for(self, turn: PersonTurn | None) -> None:
        """Drop what is foreseen unless this turn still has the same words."""
        known = self._known
        if known is not None and (turn is None or (turn.id, turn.text) != (known.reply.to, known.text)):
            self.drop()

    def drop(self) -> None:
        """Nobody wants what is foreseen."""
        if self._known is not None:
            self._answering.end(self._known.reply)
        self._known = None

    def _draft(self, to: str, settings: SessionSettings) -> Reply:
        acknowledged = settings.acknowledged and self._answering.speaks
        return self._answering.replies.drafted(self._new_id("reply"), to, acknowledged=acknowledged)

    def _taken(self, turn: str, messages: tuple[ChatMessage, ...]) -> Reply | None:
        """What was foreseen, if the language model was asked exactly this."""
        known, self._known = self._known, None
        if known is None:
            return None
        if (known.reply.to, known.messages) == (turn, messages) and not known.reply.spoilt:
            return known.reply
        self._answering.end(known.reply)
        return None
