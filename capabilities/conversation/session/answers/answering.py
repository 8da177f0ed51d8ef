"""Makes replies, one task each, and cancels those that are not needed any more."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable

from capabilities.conversation.session.contract import HistoryItem
from capabilities.conversation.session.history import ConversationHistory
from capabilities.conversation.session.parts.roles import SessionParts
from capabilities.conversation.session.persona import instructions
from capabilities.conversation.session.replies import Replies
from capabilities.conversation.session.reply import Reply
from capabilities.conversation.session.settings import SessionSettings
from capabilities.conversation.session.speaking.tool_calls import CallFilter, tools_told
from capabilities.conversation.session.values import CutReason
from engines.contract import ChatMessage
from studio.errors import EngineError, GreenroomError

log = logging.getLogger(__name__)


class Answering:
    """For one session, on its event loop. `tell`: of what went wrong. `replies` is set before the first reply."""

    replies: Replies

    def __init__(self, parts: SessionParts, tell: Callable[[GreenroomError], None]) -> None:
        self._parts, self._tell = parts, tell
        self._making: dict[str, asyncio.Task[None]] = {}

    @property
    def speaks(self) -> bool:
        """Whether replies are spoken."""
        return self._parts.voice is not None

    def messages(
        self, settings: SessionSettings, history: ConversationHistory, more: str = "", coming: HistoryItem | None = None
    ) -> tuple[ChatMessage, ...]:
        """What the language model is asked; `more` is added to the persona, `coming` to the history."""
        told = "\n\n".join(filter(None, (more, tools_told(settings.tools))))
        return history.messages(instructions(settings.persona, settings.language, spoken=self.speaks, more=told), coming)

    def begin(
        self, reply: Reply, settings: SessionSettings, history: ConversationHistory, messages: tuple[ChatMessage, ...]
    ) -> None:
        """Start to write and speak a reply."""
        reply.calls = CallFilter(settings.tools)
        task = self._making[reply.id] = asyncio.create_task(self._make(reply, messages, settings, history))
        task.add_done_callback(lambda _: self._making.pop(reply.id, None))  # also of one that was cancelled before it ran

    def end(self, reply: Reply) -> None:
        """Cancel the reply's task."""
        task = self._making.get(reply.id)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def close(self) -> None:
        """End all of them."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _make(
        self, reply: Reply, messages: tuple[ChatMessage, ...], settings: SessionSettings, history: ConversationHistory
    ) -> None:
        try:
            await reply.make(self._parts, messages, settings.longest, settings.temperature, settings.language)
            await reply.wanted.wait()
            if asked := reply.calls.asked:
                text = json.dumps({"call": asked.name, "arguments": json.loads(asked.arguments)}, ensure_ascii=False)
                history.add(HistoryItem(f"call-{reply.id}", "assistant", text))
        except GreenroomError as error:
            self._failed(reply, error)
        except Exception:
            log.exception("A reply failed unexpectedly.")
            self._failed(reply, EngineError("talk.unexpected"))
        self.replies.send()

    def _failed(self, reply: Reply, error: GreenroomError) -> None:
        """What was made of it is heard to its end. Of one that was only foreseen nothing is told: it is asked for anew."""
        if not reply.wanted.is_set():
            reply.spoilt = True
            return
        self._tell(error)
        reply.playback.complete = True
        if not reply.playback.made and reply is self.replies.current:
            self.replies.cut(CutReason.FAILED)
