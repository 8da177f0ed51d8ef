"""The history of both sides for the language model: of a reply only what was heard."""

from __future__ import annotations

from dataclasses import replace

from capabilities.conversation.session.contract import HistoryItem
from engines.contract import ChatMessage
from engines.contract.language import Role

MOST_CHARACTERS = 9_000
"""Of the chat that a question carries: some 2,500 tokens, which leaves room in the smallest context. The oldest goes first."""


class ConversationHistory:
    """For one session, on its event loop."""

    def __init__(self) -> None:
        self._items: list[HistoryItem] = []

    @property
    def items(self) -> tuple[HistoryItem, ...]:
        """Those with words, oldest first."""
        return tuple(one for one in self._items if one.text)

    def add(self, item: HistoryItem) -> None:
        """One more; an item of the same id is replaced where it stands. One without words holds its place for a late report."""
        at = next((index for index, one in enumerate(self._items) if one.id == item.id), -1)
        if at >= 0:
            self._items[at] = item
        else:
            self._items.append(item)

    def correct(self, id: str, text: str) -> bool:
        """Other words for an item; whether it was there."""
        known = next((one for one in self._items if one.id == id), None)
        if known is None:
            return False
        self.add(replace(known, text=text, complete=False))
        return True

    def delete(self, id: str) -> bool:
        """Take an item out; whether it was there."""
        before = len(self._items)
        self._items = [one for one in self._items if one.id != id]
        return len(self._items) < before

    def messages(self, instructions: str, coming: HistoryItem | None = None) -> tuple[ChatMessage, ...]:
        """The chat for the mind, oldest first; items of one side in a row are one message, as many templates demand.

        Args:
            coming: what will be added, for an answer that is begun before that.
        """
        chat: list[ChatMessage] = []
        for item in (*self.items, *([coming] if coming is not None else [])):
            if item.role == "system":
                instructions = f"{instructions}\n\n{item.text}"
                continue
            role: Role = "assistant" if item.role == "assistant" else "user"
            if chat and chat[-1].role == role:
                chat[-1] = ChatMessage(role, f"{chat[-1].content}\n{item.text}")
            else:
                chat.append(ChatMessage(role, item.text))
        kept: list[ChatMessage] = []
        left = MOST_CHARACTERS
        for message in reversed(chat):
            left -= len(message.content)
            if left < 0 and kept:
                break
            kept.append(message)
        while len(kept) > 1 and kept[-1].role == "assistant":
            kept.pop()
        return (ChatMessage("system", instructions), *reversed(kept))
