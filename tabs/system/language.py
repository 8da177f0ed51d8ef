"""The language-model section of the System tab: the model in use, discovery, choice and test of servers, and the built-in one."""

from __future__ import annotations

from typing import Any

import gradio as gr

from studio.errors import GreenroomError, InvalidInput
from studio.language.chat import Constraint
from studio.language.status import LanguageStatus, ServerTest
from studio.services import Services
from tabs.common.html import html_piece, newest
from tabs.common.notices.notices import notice
from tabs.common.readiness.setup_offer import setup_offer
from tabs.common.templating import render
from tabs.common.wiring import QUIET, clicked, with_error_toast

HELD_TO = {
    Constraint.SCHEMA.value: "keeps a JSON schema while it writes",
    Constraint.JSON.value: "writes JSON, but keeps no schema: answers are checked and asked for again",
    Constraint.PROMPT.value: "can be held to nothing: answers are checked, mended and asked for again",
}


class LanguageSection:
    """The drawn part, and the fields for an address. No server is contacted before a button is pressed."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.piece = html_piece(elem_id="language", value=newest("language"))
        self.asked: list[Any] = []
        with gr.Row():
            self.address = gr.Textbox(
                label="Address of a language server", placeholder="http://127.0.0.1:11434", max_lines=1, scale=3, min_width=260,
                elem_id="language-address", info="Ollama, llama.cpp, vLLM, LM Studio. Texts are sent there, and nowhere else.",
            )  # fmt: skip
            self.model = gr.Dropdown(
                [], value="", label="Model", allow_custom_value=True, scale=2, min_width=200, elem_id="language-model",
                info="Empty takes the first that it has.",
            )  # fmt: skip
            self.key = gr.Textbox(
                label="Key", type="password", max_lines=1, scale=1, min_width=160, elem_id="language-key",
                info="Where it wants one. Never shown again.",
            )  # fmt: skip
        with gr.Row():
            self.use = gr.Button("Use and test", variant="primary", elem_id="language-use", min_width=140)
            self.test = gr.Button("Test", elem_id="language-test", min_width=100)
            self.find = gr.Button("Find on this machine", elem_id="language-find", min_width=160)
        self.told = html_piece(elem_id="language-told", live=True)

    def draw(self) -> list[str]:
        status = self._studio.language.status()
        offer = setup_offer(self._studio, status.set_up) if status.set_up else ""
        return [render("system/language.html", status=status, lines=_lines(status)) + offer]

    def clicked(self, event: gr.EventData) -> None:
        """Run the action of a button.

        Raises:
            GreenroomError: the action is not possible.
        """
        if clicked(event).get("act") != "forget":
            raise InvalidInput("page.button-unknown")
        self._studio.language.choose("")
        notice("The language server is not used any more.")

    def wire(self, opened: Any) -> None:
        """Connect the fields and buttons; `opened` is the event that opens the section."""
        shown = [self.piece, self.told, self.model, self.key]
        opened.then(self._filled, [self.address, self.model], [self.address, self.model], **QUIET)
        chosen = self.use.click(self._use, [self.address, self.model, self.key], shown, **QUIET)
        chosen.then(self._test, self.address, shown, **QUIET)
        trying = self.test.click(
            lambda: _told(said="Trying it: a large model may have to be loaded first …"), None, self.told, **QUIET
        )
        trying.then(self._test, self.address, shown, **QUIET)
        looking = self.find.click(lambda: _told(said="Looking …"), None, self.told, **QUIET)
        looking.then(self._find, None, self.told, **QUIET)
        self.told.click(self._taken, None, [self.address, self.model], **QUIET)

    def _filled(self, address: str, model: str) -> list[Any]:
        """Return updates that fill empty fields with the present choice."""
        status = self._studio.language.status()
        return [gr.skip(), gr.skip()] if address else [status.url, status.model if status.url else model or ""]

    @with_error_toast
    def _use(self, address: str, model: str | None, key: str) -> list[Any]:
        try:
            self._studio.language.choose(address or "", model or "", key or None)
        except GreenroomError as error:
            return [gr.skip(), _told(trouble=str(error)), gr.skip(), gr.skip()]
        said = "Trying it: a large model may have to be loaded first …" if address.strip() else ""
        return [self.draw()[0], _told(said=said), gr.skip(), ""]

    @with_error_toast
    def _test(self, address: str) -> list[Any]:
        """Test the present choice. A written address that was refused is not tested: its error remains."""
        language = self._studio.language
        if language.status().source == "none" or not _is_meant(address, language.status().url):
            return [gr.skip()] * 4
        try:
            tried = language.test()
        except GreenroomError as error:
            return [self.draw()[0], _told(trouble=f"{error.reason} {error.hint}".strip()), gr.skip(), gr.skip()]
        choices = gr.update(choices=list(tried.models)) if tried.models else gr.skip()
        return [self.draw()[0], _tried(tried), choices, gr.skip()]

    @with_error_toast
    def _find(self) -> str:
        found = self._studio.language.find()
        said = (
            "These servers answer on this machine." if found else "No language server answers at the usual ports of this machine."
        )
        return _told(said=said, found=found)

    @with_error_toast
    def _taken(self, event: gr.EventData) -> list[Any]:
        data = clicked(event)
        if data.get("act") != "take":
            return [gr.skip(), gr.skip()]
        notice("Press “Use and test” to begin with it.")
        return [data.get("url", ""), data.get("model", "")]


def _is_meant(written: str, url: str) -> bool:
    """Return whether the text in the field is the present choice; an empty field stands for any choice."""
    bare = written.strip().rstrip("/").removesuffix("/v1")
    return not bare or bare.partition("://")[2].lower() in url.lower() or bare.lower() in url.lower()


def _told(**parts: Any) -> str:
    return render("system/language_told.html", **{"said": "", "trouble": "", "tried": None, "found": (), "lines": (), **parts})


def _tried(tried: ServerTest) -> str:
    lines = (
        ("From", f"{tried.kind} on {tried.place}"),
        ("Speed", f"{tried.speed:.1f} tokens a second, the first after {tried.first_seconds:.1f} s"),
        ("Shape", HELD_TO[tried.constraint]),
    )
    return _told(tried=tried, lines=lines)


def _lines(status: LanguageStatus) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    if status.source == "server":
        told.append(("Texts go to", f"{status.url}, {status.place}"))
        told.append(("Key", "set" if status.has_key else "none"))
    if status.constraint:
        told.append(("Shape", HELD_TO[status.constraint]))
    counts = status.counts
    if counts.questions:
        told.append(("Since the start", f"{counts.questions:,} questions, {counts.answer_tokens:,} tokens written"))
        told.append(("Speed", f"{counts.speed:.1f} tokens a second"))
    if status.held_gib >= 0.05:
        told.append(("Memory", f"{status.held_gib:.1f} GiB"))
    return told
