"""Lists that stay current: the choices on every open page are read again when they change.

The page receives the stamps of studio/changes over its WebSocket (`greenroom.hearChanges` in changes.js). If they differ from
those of its lists, it reads all changed lists in one request; otherwise it sends none.
"""

from __future__ import annotations

import json
from abc import ABCMeta
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.component_meta import ComponentMeta

from studio.changes.stamps import Changes, Topic
from studio.services import Services
from tabs.common.html import html_piece
from tabs.common.presses import on_news
from tabs.common.templating import render
from tabs.common.wiring import Updates, Values, clicked, with_error_toast


class _Unstubbed(ComponentMeta):
    """Metaclass that skips the stub file which Gradio writes beside the module of every component class."""

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> Any:
        return ABCMeta.__new__(cls, name, bases, attributes)


class LiveDropdown(gr.Dropdown, metaclass=_Unstubbed):
    """A dropdown whose choices change while the page is open.

    Gradio would validate a value against the page's initial choices; the studio validates it against the present ones instead.
    """

    def preprocess(self, payload: Any) -> Any:
        return payload

    def get_block_name(self) -> str:
        return "dropdown"


@dataclass(frozen=True)
class LiveList:
    """Components that show data of the studio.

    Args:
        topics: the topics of studio/changes that they depend on.
        inputs: components that `refresh` reads.
        outputs: components that it may update.
        refresh: returns the updates from the values of `inputs`.
    """

    topics: Collection[Topic]
    inputs: Collection[Any]
    outputs: Collection[Any]
    refresh: Callable[[Values], Updates]


class LiveLists:
    """The invisible component that receives the page's stamps, and the request that follows."""

    def __init__(self, studio: Services) -> None:
        self._changes = Changes(studio)
        self.piece = html_piece(self._told(), elem_id="news", on_draw="", on_load="greenroom.hearChanges(element, trigger); ")
        self.acts = html_piece(elem_id="acts", on_draw="", on_load="greenroom.hearActs(trigger); ")
        """Where buttons that may stand anywhere arrive, such as Undo."""

    def wire(self, lists: Sequence[LiveList]) -> None:
        """Connect all lists of the page."""
        inputs = {one for listed in lists for one in listed.inputs}
        outputs = {one for listed in lists for one in listed.outputs}

        @with_error_toast
        def refreshed(values: Values, event: gr.EventData) -> Updates:
            data = clicked(event)
            told = json.loads(data.get("told") or "{}")
            now = self._changes.stamps()
            topics = {topic for topic, stamp in now.items() if told.get(topic) != stamp}
            updates: Updates = {self.piece: _drawn(now)}
            for listed in lists:
                if not topics.isdisjoint(listed.topics):
                    updates |= listed.refresh(values)
            return updates

        on_news(self.piece, refreshed, inputs, [self.piece, *outputs])

    def _told(self) -> str:
        return _drawn(self._changes.stamps())


def _drawn(stamps: dict[Topic, str]) -> str:
    return render("common/news.html", stamps=json.dumps(stamps))
