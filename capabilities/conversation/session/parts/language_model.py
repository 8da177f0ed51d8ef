"""The studio's language model: the one that the language service has chosen, on a server or built in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager

from capabilities.conversation.session.parts.part_thread import PartThread
from capabilities.conversation.session.values import AnswerEnd
from engines.contract import ChatMessage, ChatRequest
from studio.errors import Cancelled
from studio.language.asking import LanguageModel
from studio.language.chat import Constraint
from studio.language.service import LanguageService


class ServiceLanguageModel:
    """See roles.LanguageModelPart."""

    def __init__(self, language: LanguageService, waiting: Callable[[str], None]) -> None:
        self.title = ""

        def opened(cancelled: Callable[[], bool], state: Callable[[str, str], None]) -> AbstractContextManager[LanguageModel]:
            return language.model_in_use(cancelled, on_state=state)

        self._thread: PartThread[LanguageModel] = PartThread("conversation language model", opened, waiting)

    async def open(self) -> None:
        """No request is sent yet: a server loads its model with the first question."""
        await self._thread.open()
        self.title = await self._thread.call(lambda llm: llm.name)

    async def answer(self, messages: tuple[ChatMessage, ...], longest: int, temperature: float) -> AsyncIterator[str | AnswerEnd]:
        request = ChatRequest(messages, longest, temperature)
        asked = _Asked()

        def work(llm: LanguageModel) -> Iterator[str | AnswerEnd]:
            for piece in llm.chat(request, Constraint.NONE, asked.check):
                if piece.text:
                    yield piece.text
                if piece.ended:
                    yield AnswerEnd(piece.prompt_tokens, piece.answer_tokens, piece.ended == "length")

        try:
            async for piece in self._thread.stream(work):
                yield piece
        finally:
            asked.left = True

    async def close(self) -> None:
        await self._thread.close()


class _Asked:
    """Whether an answer is still wanted; looked at from the thread some ten times a second."""

    left = False

    def check(self) -> None:
        if self.left:
            raise Cancelled
