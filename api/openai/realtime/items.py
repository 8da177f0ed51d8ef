"""The items of a conversation: messages, calls of functions and what these gave, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.openai.errors import WrongParameter

ROOT = "root"
"""As `previous_item_id`: at the beginning."""

LONGEST_TEXT = 100_000
MOST_ITEMS = 2_000


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str | None = Field(None, min_length=1, max_length=64)


class Content(BaseModel):
    """A part of a message."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["input_text", "text", "output_text", "input_audio", "output_audio", "audio"]
    text: str | None = Field(None, max_length=LONGEST_TEXT)
    transcript: str | None = Field(None, max_length=LONGEST_TEXT)
    audio: str | None = None

    @property
    def words(self) -> str:
        return self.text if self.text is not None else self.transcript or ""


class MessageItem(_Item):
    type: Literal["message"]
    role: Literal["user", "assistant", "system"]
    content: list[Content] = Field(max_length=64)

    @property
    def words(self) -> str:
        return " ".join(part.words for part in self.content if part.words).strip()


class FunctionCallItem(_Item):
    type: Literal["function_call"]
    call_id: str | None = Field(None, max_length=512)
    name: str = Field(max_length=200)
    arguments: str = Field(max_length=LONGEST_TEXT)


class FunctionOutputItem(_Item):
    type: Literal["function_call_output"]
    call_id: str = Field(max_length=512)
    output: str = Field(max_length=LONGEST_TEXT)


ClientItem = MessageItem | FunctionCallItem | FunctionOutputItem


def item_fields(item: ClientItem, id: str) -> dict[str, Any]:
    """Return a client's item in the form of the server's events."""
    given = item.model_dump(exclude_none=True)
    for part in given.get("content", ()):
        part.pop("audio", None)
    return {**given, "id": id, "object": "realtime.item", "status": "completed"}


@dataclass
class KeptItem:
    """An item with what the session calls it; of a spoken reply how much sound was sent, in samples at `SOUND_RATE`, and the
    stream that it was sent in last."""

    fields: dict[str, Any]
    of_session: str = ""
    samples: int = 0
    stream: int = 0

    @property
    def id(self) -> str:
        return str(self.fields["id"])


class ItemList:
    """The items in order."""

    def __init__(self) -> None:
        self._items: list[KeptItem] = []

    def __len__(self) -> int:
        return len(self._items)

    def get(self, id: str) -> KeptItem | None:
        return next((one for one in self._items if one.id == id), None)

    def of_session(self, id: str) -> KeptItem | None:
        """Return the item with the session's id."""
        return next((one for one in self._items if id and one.of_session == id), None)

    def add(self, item: KeptItem, after: str | None = None) -> str | None:
        """Put an item after another one, at the end, or at the beginning; gives the id of what stands before it.

        Raises:
            WrongParameter: there is one with this id already, or none to stand after.
        """
        if self.get(item.id) is not None:
            raise WrongParameter("openai.realtime-item-twice", param="item.id", openai_code="item_already_exists", item=item.id)
        place = len(self._items)
        if after == ROOT:
            place = 0
        elif after is not None:
            place = self._place(after, "previous_item_id", "item_create_invalid_previous_item_id") + 1
        self._items.insert(place, item)
        return self._items[place - 1].id if place else None

    def check_room(self) -> None:
        """Check the number of items that the client has created; spoken items are not limited.

        Raises:
            WrongParameter: there are too many.
        """
        if len(self._items) >= MOST_ITEMS:
            raise WrongParameter("openai.realtime-too-many-items", param="item", openai_code="too_many_items", most=MOST_ITEMS)

    def before(self, id: str) -> str | None:
        """Return the id of the previous item."""
        place = next((at for at, one in enumerate(self._items) if one.id == id), 0)
        return self._items[place - 1].id if place else None

    @property
    def last(self) -> str | None:
        return self._items[-1].id if self._items else None

    def found(self, id: str, code: str) -> KeptItem:
        """
        Raises:
            WrongParameter: there is no such item.
        """
        return self._items[self._place(id, "item_id", code)]

    def remove(self, id: str) -> KeptItem:
        """
        Raises:
            WrongParameter: there is no such item.
        """
        return self._items.pop(self._place(id, "item_id", "item_delete_invalid_item_id"))

    def _place(self, id: str, param: str, code: str) -> int:
        for at, one in enumerate(self._items):
            if one.id == id:
                return at
        raise WrongParameter("openai.realtime-no-item", param=param, openai_code=code, item=id[:80])
