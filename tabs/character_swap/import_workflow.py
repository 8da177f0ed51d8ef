"""Import of a workflow: an export of ComfyUI's editor becomes a template with a form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import GreenroomError, InvalidInput
from studio.services import Services
from studio.workflows import Chosen, Suggestion, TemplateChecks, need_of, read_export, suggest_inputs, write_template
from tabs.common.counts import note
from tabs.common.html import html_piece
from tabs.common.notices.notices import notice
from tabs.common.wiring import QUIET, Updates, problem

COLUMNS = ["Ask", "Name", "Shown as", "Kind", "Now"]
_USES = [
    ("Character swap", "character_swap"), ("Animation", "animate"), ("Lip-sync", "lip_sync"), ("Upscaling", "upscale"),
    ("Something else", "other"),
]  # fmt: skip
_MEMORY = "Held at its peak. Empty: by its model files; where their sizes are not known, what ComfyUI says is free."
_LONGEST_VALUE = 60
_MOST = 200


class WorkflowImport:
    """Draws the folding section and connects it. Nothing is written before "Add" is pressed. A connected server is needed,
    because it defines the inputs of the nodes; the read workflow is kept in the page's state.
    """

    def __init__(self, studio: Services) -> None:
        self._studio, self._checks = studio, TemplateChecks(studio.comfyui)
        self._read = gr.State(None)
        with gr.Accordion("Add a workflow of your own", open=False, elem_id="swap-import") as self.fold:
            self.said = html_piece(
                note(
                    "Export it in ComfyUI (Workflow, Export, or Export (API)) and give the file here. ComfyUI has to be "
                    "connected: its nodes say what can be asked for."
                ),
                elem_id="swap-import-said",
                live=True,
            )
            self.file = gr.File(label="Workflow", file_types=[".json"], elem_id="swap-import-file", height=120)
            with gr.Column(visible=False, elem_classes="flush") as self.form:
                with gr.Row():
                    self.title = gr.Textbox(label="Title", max_lines=1, elem_id="swap-import-title", min_width=200)
                    self.use = gr.Dropdown(_USES, value="character_swap", label="What it does", min_width=180)
                    self.memory = gr.Number(
                        None, label="Memory (GiB)", info=_MEMORY, minimum=0, maximum=1000, elem_id="swap-import-memory",
                        min_width=180,
                    )  # fmt: skip
                self.table = gr.Dataframe(
                    headers=COLUMNS, datatype=["bool", "str", "str", "str", "str"], type="array", column_count=5,
                    label="What the form shall ask for", wrap=True, interactive=True, elem_id="swap-import-table",
                    column_widths=["13%", "23%", "31%", "13%", "20%"], static_columns=[3, 4],
                )  # fmt: skip
                self.add = gr.Button("Add this template", variant="primary", elem_id="swap-import-add")

    def wire(self, added: Callable[[str], Updates], outputs: list[Any]) -> Any:
        """Connect the section and return the event that follows an added template.

        Args:
            added: returns updates for `outputs` from a new template's id.
        """
        shown = [self.said, self._read, self.form, self.title, self.memory, self.table]
        self.file.change(self._given, self.file, shown, **QUIET)

        def add(read: Any, title: str, use: str, memory: float | None, table: Any) -> Updates:
            try:
                made = self._written(read, title, use, memory, table)
            except GreenroomError as error:
                return {self.said: problem(error)}
            notice("The template is added and chosen.")
            return {self.said: "", self.file: gr.update(value=None), self.form: gr.update(visible=False), **added(made)}

        asked = [self._read, self.title, self.use, self.memory, self.table]
        return self.add.click(add, asked, [self.said, self.file, self.form, *outputs], **QUIET)

    def _given(self, path: str | None) -> Updates:
        """Read an export and show the table of its values."""
        if not path:
            return {self._read: None, self.form: gr.update(visible=False)}
        try:
            inventory = self._studio.comfyui.inventory()
            graph = read_export(Path(path), inventory.node_classes)
            need = need_of(graph, inventory, self._checks.roots())
        except GreenroomError as error:
            return {self.said: problem(error), self._read: None, self.form: gr.update(visible=False)}
        found = suggest_inputs(graph, inventory.node_classes)[:_MOST]
        rows = [[one.likely, one.key, one.title, str(one.kind.value), _short(one.value)] for one in found]
        places = f"{len(found)} places of it can be asked for; tick those that the form shall show."
        said = note(f"{places} {need.sentence}")
        title = Path(path).stem.replace("_", " ").replace("-", " ").strip().capitalize()
        return {
            self.said: said, self._read: (graph, found), self.form: gr.update(visible=True), self.title: title,
            self.memory: need.gib or None, self.table: rows,
        }  # fmt: skip

    def _written(self, read: Any, title: str, use: str, memory: float | None, table: Any) -> str:
        if not read:
            raise InvalidInput("workflow.none-given")
        graph, found = read
        words = (title or "").strip()
        name = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60]
        if not name:
            raise InvalidInput("template.title-missing")
        folder = self._studio.paths.workflows
        made = write_template(
            folder, name, words, graph, _chosen(found, table), self._studio.comfyui.inventory(), use=use,
            memory_gib=float(memory or 0), roots=self._checks.roots(),
        )  # fmt: skip
        return made.id


def _chosen(found: list[Suggestion], table: Any) -> list[Chosen]:
    """Return the ticked rows. Rows may have been sorted on the page, so a suggestion is found by its text."""
    left = {(one.title, _short(one.value), str(one.kind.value)): one for one in found}
    by_key = {one.key: one for one in found}
    chosen = []
    for ask, name, shown, kind, now in table or ():
        one = by_key.get(str(name)) or left.get((str(shown), str(now), str(kind)))
        if one is None or str(ask).lower() not in ("true", "1"):
            continue
        chosen.append(Chosen(one, key=str(name).strip(), title=str(shown).strip()))
    return [replace(each, title=each.title or each.suggestion.title) for each in chosen]


def _short(value: Any) -> str:
    words = str(value).replace("\n", " ")
    return words if len(words) <= _LONGEST_VALUE else f"{words[: _LONGEST_VALUE - 1]}…"
