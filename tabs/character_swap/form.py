"""The form of the Character Swap tab: a template, its files and options, and a job's spec out of their values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from capabilities.character_swap.builtin import BUILTIN
from studio.errors import InvalidInput
from studio.preprocessing import Assets
from studio.services import Services
from studio.workflows.collection import TemplateCollection
from studio.workflows.manifest import InputKind
from tabs.character_swap.gallery import WorkflowChoice, about_choice, choices, gallery
from tabs.character_swap.inputs import InputSlots
from tabs.character_swap.parameter_pool import ParameterPool
from tabs.character_swap.points import PointsPicker
from tabs.common.faces.sample_pictures import SamplePictures
from tabs.common.html import html_piece
from tabs.common.wiring import Updates, Values

REFERENCE, DRIVING = "reference_image", "driving_video"


class CharacterSwapForm:
    """Draws the components; `spec` reads `inputs`, `show` updates `outputs`."""

    def __init__(self, studio: Services, templates: TemplateCollection, assets: Assets) -> None:
        self._studio, self._templates, self._assets = studio, templates, assets
        self.template = gr.State(BUILTIN)
        self.gallery = html_piece(self.drawn_gallery(BUILTIN), elem_id="swap-gallery")
        self.about = html_piece(self.drawn_about(BUILTIN), elem_id="swap-about")
        self.slots = InputSlots(studio, assets, self.choice(BUILTIN).inputs)
        self.samples = SamplePictures(studio.site.assets, elem_id="swap-samples")
        self.picker = PointsPicker()
        with gr.Row(visible=False) as self.framing:
            self.framing_said = html_piece(elem_id="swap-framing", live=True)
            self.compare = gr.Button("Compare the framing", size="sm", elem_id="swap-compare", scale=0, min_width=180)
            self.reframe = gr.Button("Frame it alike", size="sm", elem_id="swap-reframe", scale=0, min_width=150, visible=False)
        self.pool = ParameterPool("swap-options", self.choice(BUILTIN).parameters)
        with gr.Accordion("Only a part of the clip", open=False, elem_id="swap-part"), gr.Row():
            self.start = gr.Number(0, label="From (s)", minimum=0, elem_id="swap-start", min_width=140)
            self.end = gr.Number(None, label="To (s)", info="Empty: to its end.", minimum=0, elem_id="swap-end", min_width=140)

    @property
    def inputs(self) -> set[Any]:
        return {self.template, self.picker.points, self.start, self.end, *self.slots.inputs, *self.pool.components}

    @property
    def shown(self) -> set[Any]:
        """The visible components of `inputs`."""
        return self.inputs - {self.template, self.picker.points}

    @property
    def kept(self) -> dict[str, Any]:
        """The components whose values the browser keeps, by fixed names."""
        slots = {f"{part}{at}": getattr(slot, part) for at, slot in enumerate(self.slots.slots) for part in ("upload", "pick")}
        return {**slots, "start": self.start, "end": self.end}

    @property
    def outputs(self) -> list[Any]:
        return [
            self.template, self.gallery, self.about, *self.slots.outputs, self.samples.piece, self.picker.group, self.framing,
            *self.pool.outputs,
        ]  # fmt: skip

    def show(self, template: str, options: Mapping[str, Any] | None = None) -> Updates:
        """Show a template, with its defaults or the options given."""
        chosen = self.choice(template)
        kinds = {place.kind for place in chosen.inputs}
        compares = chosen.template is not None and {InputKind.IMAGE, InputKind.VIDEO} <= kinds
        return {
            self.template: chosen.id,
            self.gallery: self.drawn_gallery(chosen.id),
            self.about: self.drawn_about(chosen.id),
            **self.slots.show(chosen.inputs),
            self.samples.piece: gr.update(visible=InputKind.IMAGE in kinds),
            self.picker.group: gr.update(visible=InputKind.POINTS in kinds),
            self.framing: gr.update(visible=compares),
            **self.pool.show(chosen.parameters, options),
        }

    def spec(self, values: Values) -> dict[str, Any]:
        """Return a job's fields from the values of `inputs`. Uploads are stored as assets, so that recipes can refer to them.

        Raises:
            InvalidInput: a required value is missing.
        """
        chosen, files, options = self._read(values)
        for place in chosen.inputs:
            if place.kind.is_file and place.required and not files.get(place.key):
                raise InvalidInput("swap.input-missing", input=place.title)
        files = {key: self._kept(value) for key, value in files.items()}
        others = {key: value for key, value in files.items() if key not in (REFERENCE, DRIVING) and value}
        start, end = self.trim(values)
        spec: dict[str, Any] = {
            "template": chosen.id, REFERENCE: files.get(REFERENCE, ""), DRIVING: files.get(DRIVING, ""), "options": options,
        }  # fmt: skip
        if others:
            spec["inputs"] = others
        if start or end:
            spec |= {"trim_start": start, "trim_end": end}
        return spec

    def files(self, values: Values) -> dict[str, str]:
        """Return the given files by the keys of the inputs."""
        return self._read(values)[1]

    def file(self, values: Values, kind: InputKind) -> tuple[str, Path | None]:
        """Return key and file of the chosen template's first input of a kind; "" if it has none, None if nothing is given."""
        chosen = self.choice(values[self.template])
        key = next((place.key for place in chosen.inputs if place.kind is kind), "")
        return key, self.slots.video.path(self.files(values).get(key, "")) if key else None

    def options(self, values: Values) -> dict[str, Any]:
        return self._read(values)[2]

    def trim(self, values: Values) -> tuple[float, float]:
        """Return start and end in seconds; 0 stands for the end of the clip."""
        return float(values[self.start] or 0), float(values[self.end] or 0)

    def choice(self, template: str) -> WorkflowChoice:
        """Return the chosen template, or the built-in one if it no longer exists."""
        found = self.choices()
        return next((one for one in found if one.id == template), found[0])

    def choices(self) -> list[WorkflowChoice]:
        comfyui = self._studio.comfyui
        return choices(self._templates, comfyui.configured, comfyui.known_inventory())

    def drawn_gallery(self, chosen: str) -> str:
        return gallery(self.choices(), chosen)

    def drawn_about(self, chosen: str) -> str:
        comfyui = self._studio.comfyui
        return about_choice(self.choice(chosen), comfyui.configured, comfyui.settings.url)

    def _read(self, values: Values) -> tuple[WorkflowChoice, dict[str, str], dict[str, Any]]:
        chosen, points = self.choice(values[self.template]), values[self.picker.points]
        files = self.slots.chosen(chosen.inputs, values)
        options = self.pool.values(chosen.parameters, values)
        clicked = next((place.key for place in chosen.inputs if place.kind is InputKind.POINTS), "")
        if clicked and points:
            options[clicked] = points
        return chosen, files, options

    def _kept(self, value: str) -> str:
        """Store an upload as an asset. Results and samples are used in place."""
        uploads = self._studio.paths.root / "uploads"
        path = self.slots.image.path(value)
        if path is None or not path.resolve().is_relative_to(uploads.resolve()):
            return value
        return str(self._assets.keep(path).path)
