"""The System tab: memory, engines, jobs, models, language, settings, disk, log and doctor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gradio as gr

from studio.services import Services
from tabs.common.html import html_piece, newest
from tabs.common.jobs.page_state import PageState
from tabs.common.presses import on_news
from tabs.common.wiring import QUIET, clicked, with_error_toast
from tabs.system.disk import DiskSection
from tabs.system.doctor import DoctorSection
from tabs.system.engines import EnginesSection
from tabs.system.jobs import JobsSection
from tabs.system.language import LanguageSection
from tabs.system.log import LogSection
from tabs.system.memory import memory_panel
from tabs.system.models import ModelsPanel
from tabs.system.provenance import ProvenanceSection
from tabs.system.settings import SettingsSection

NEWS_SECONDS = 2
EVENTS_SHOWN = 20


@dataclass
class SystemPageState(PageState):
    """The values last sent to this page, and the section that they belong to."""

    section: str = ""


class Section(Protocol):
    """One of the inner tabs: `asked` are its inputs, `piece` is the drawn part with the buttons."""

    piece: gr.HTML
    asked: list[Any]

    def draw(self, *asked: Any) -> list[str]:
        """Return the HTML of `piece`, as a list with one item."""

    def clicked(self, event: gr.EventData) -> None:
        """Handle a press of a drawn button.

        Raises:
            GreenroomError: the action is not possible.
        """


class ModelsSection:
    """Environments and weights as a section."""

    def __init__(self, studio: Services) -> None:
        self._panel = ModelsPanel(studio)
        self.piece = self._panel.drawn
        self.asked: list[Any] = []

    def draw(self) -> list[str]:
        return [self._panel.draw()]

    def clicked(self, event: gr.EventData) -> None:
        self._panel.clicked(event)


class SystemTab:
    """Draws the tab. The page polls only while the tab is visible; unchanged parts are not sent again.

    Only the head and the open section are updated; other sections when they are opened.
    """

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.memory = html_piece(
            elem_id="memory", on_load=f"greenroom.askWhileSeen(element, trigger, {NEWS_SECONDS}); ", value=newest("memory")
        )
        self.seen = gr.State(None)
        # In the browser, which knows the order of presses: answers of a state that the server holds may come in another one.
        self.open = gr.Textbox("engines", visible="hidden")
        self.sections: dict[str, Section] = {}
        self._tabs: dict[str, gr.Tab] = {}
        with gr.Tabs(elem_id="system-tabs", overflow_behavior="wrap"):
            self._section("engines", "Engines", EnginesSection)
            self._section("jobs", "Jobs", JobsSection)
            self._section("models", "Models", ModelsSection)
            self._section("language", "Language", LanguageSection)
            self._section("settings", "Settings", SettingsSection)
            self._section("check", "Check a file", ProvenanceSection)
            self._section("disk", "Disk", DiskSection)
            self._section("doctor", "Doctor", DoctorSection)
            self._section("log", "Log", LogSection)

    def _section(self, name: str, title: str, kind: Any) -> None:
        with gr.Tab(title, id=f"system-{name}") as self._tabs[name]:
            self.sections[name] = kind(self._studio)

    @property
    def _asked(self) -> list[Any]:
        return [self.seen, self.open, *(one for section in self.sections.values() for one in section.asked)]

    @property
    def _painted(self) -> list[Any]:
        return [self.memory, *(section.piece for section in self.sections.values()), self.seen]

    def wire(self, tab: gr.Tab) -> None:
        """Connect the events: the tab is opened, the timer ticks, a drawn button is pressed."""
        tab.select(self._paint, self._asked, self._painted, **QUIET)
        on_news(self.memory, self._paint, self._asked, self._painted)
        for name, section in self.sections.items():
            opened = self._tabs[name].select(None, None, self.open, js=f"() => {json.dumps(name)}", **QUIET)
            opened.then(self._paint, self._asked, self._painted, **QUIET)
            if isinstance(section, LanguageSection):
                section.wire(opened)
            if isinstance(section, SettingsSection):
                on_news(section.piece, self._paint, self._asked, self._painted)
            if isinstance(section, ProvenanceSection):
                section.wire()
            section.piece.click(self._acting(section), self._asked, self._painted, **QUIET)
            for filter_ in section.asked:
                filter_.change(self._paint, self._asked, self._painted, trigger_mode="always_last", **QUIET)
        log = self.sections["log"]
        assert isinstance(log, LogSection)
        self._tabs["log"].select(log.choices, None, log.name, **QUIET)

    def _acting(self, section: Section) -> Any:
        @with_error_toast
        def act(event: gr.EventData, seen: SystemPageState | None, open_: str, *values: Any) -> list[Any]:
            if clicked(event).get("act"):
                section.clicked(event)
            return self._paint(seen, open_, *values)

        return act

    @with_error_toast
    def _paint(self, seen: SystemPageState | None, open_: str, *values: Any) -> list[Any]:
        """Return updates for `_painted`, with skips for unchanged parts."""
        seen = seen if isinstance(seen, SystemPageState) else SystemPageState()
        with seen.drawing():
            return self._drawn(seen, open_, values)

    def _drawn(self, seen: SystemPageState, open_: str, values: Sequence[Any]) -> list[Any]:
        painted: list[Any] = [seen.news("memory", self._machine())]
        left = list(values)
        for name, section in self.sections.items():
            asked, left = left[: len(section.asked)], left[len(section.asked) :]
            painted.append(seen.news(name, section.draw(*asked)[0]) if name == open_ else gr.skip())
        if seen.section != open_:  # Gradio may lose updates while it builds a tab: the next poll sends them again
            seen.section = open_
            seen.pieces.pop(open_, None)
        return [*painted, seen]

    def _machine(self) -> str:
        memory = self._studio.memory
        events = [event.as_dict() for event in memory.events.newest(EVENTS_SHOWN)]
        return memory_panel(memory.report(), memory.history(), events)
