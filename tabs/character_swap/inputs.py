"""The files for a template: slots for uploads, each with a list of existing files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import NotFound
from studio.preprocessing import Assets
from studio.services import Services
from studio.workflows.manifest import InputKind, TemplateInput
from tabs.common.faces.sample_pictures import sample_pictures
from tabs.common.formats import about
from tabs.common.lists.live_lists import LiveDropdown
from tabs.common.lists.voice_choices import GONE, Choices, with_chosen
from tabs.common.wiring import Updates, Values

KINDS = (InputKind.IMAGE, InputKind.IMAGE, InputKind.VIDEO, InputKind.AUDIO)
"""The slots in order; templates with more files of a kind can be used through the API only."""
_LISTED = 60


class InputSlot:
    """An upload and a list of existing files. A choice in the list takes precedence."""

    def __init__(self, studio: Services, assets: Assets, kind: InputKind, number: int, place: TemplateInput | None) -> None:
        self._studio, self._assets, self.kind = studio, assets, kind
        name = f"swap-{kind.value}{number or ''}"
        with gr.Column(min_width=260, visible=place is not None, elem_classes="flush") as self.group:
            shown: dict[str, Any] = {"label": _label(place), "elem_id": name}
            if kind is InputKind.IMAGE:
                self.upload: Any = gr.Image(
                    type="filepath", image_mode=None, sources=["upload", "webcam", "clipboard"], height=280, **shown
                )
            elif kind is InputKind.VIDEO:
                self.upload = gr.Video(sources=["upload", "webcam"], height=280, **shown)
            else:
                self.upload = gr.Audio(sources=["upload", "microphone"], type="filepath", **shown)
            self.pick = LiveDropdown(
                self.here(), value="", label="or one that is here", elem_id=f"{name}-pick", interactive=True, filterable=True
            )

    def here(self, chosen: str = "") -> Choices:
        """Return results, kept uploads and samples of this kind, and the chosen file, marked if it no longer exists."""
        kind = self.kind.value
        made = [
            (f"{one.title or one.id}" + (f" · {about(one.duration)}" if one.duration else ""), one.id)
            for one in self._studio.library.list(limit=_LISTED, kinds=(kind,))
        ]
        kept = [(f"{one.name} · uploaded", str(one.path)) for one in self._assets.list(kind)]
        samples: list[tuple[str, str]] = []
        if self.kind is InputKind.IMAGE:
            samples = [(f"{name} · sample", str(path)) for name, path in sample_pictures(self._studio.site.assets).items()]
        listed = [("", ""), *made, *kept, *samples]
        if Path(chosen).is_absolute() and chosen not in {value for _, value in listed}:
            return [*listed, (f"{Path(chosen).name} · {GONE}", chosen)]
        return with_chosen(self._studio, listed, chosen)

    def choosing(self, value: str) -> Any:
        """Return an update of the list that chooses an existing file."""
        known = self.here()
        if value not in {one for _, one in known}:
            known.append((Path(value).name, value))
        return gr.update(choices=known, value=value)

    def show(self, place: TemplateInput | None) -> Updates:
        """Return updates that show an input, or hide the slot."""
        if place is None:
            return {self.group: gr.update(visible=False)}
        return {self.group: gr.update(visible=True), self.upload: gr.update(label=_label(place))}

    def path(self, value: str) -> Path | None:
        """Return the file for a value of `chosen`, or None if it is empty or does not exist."""
        if not value:
            return None
        try:
            return self._studio.library.get(value).path
        except NotFound:
            path = Path(value)
            return path if path.is_absolute() and path.is_file() else None


class InputSlots:
    """All slots; `chosen` reads `inputs`, `show` updates `outputs`.

    Args:
        inputs: the initial inputs.
    """

    def __init__(self, studio: Services, assets: Assets, inputs: Sequence[TemplateInput]) -> None:
        placed = _placed(inputs)
        with gr.Row():
            self.slots = [
                InputSlot(studio, assets, kind, KINDS[:at].count(kind), placed[at]) for at, kind in enumerate(KINDS)
            ]  # fmt: skip

    @property
    def inputs(self) -> list[Any]:
        return [component for slot in self.slots for component in (slot.upload, slot.pick)]

    @property
    def outputs(self) -> list[Any]:
        return [component for slot in self.slots for component in (slot.group, slot.upload)]

    @property
    def image(self) -> InputSlot:
        return self.slots[KINDS.index(InputKind.IMAGE)]

    @property
    def video(self) -> InputSlot:
        return self.slots[KINDS.index(InputKind.VIDEO)]

    @property
    def picks(self) -> list[Any]:
        """The lists of existing files."""
        return [slot.pick for slot in self.slots]

    def show(self, inputs: Sequence[TemplateInput]) -> Updates:
        """Return updates that show these inputs, each in its slot."""
        updates: Updates = {}
        for slot, place in zip(self.slots, _placed(inputs), strict=True):
            updates |= slot.show(place)
        return updates

    def chosen(self, inputs: Sequence[TemplateInput], values: Values) -> dict[str, str]:
        """Return a path or an output's id for the key of each input, "" if nothing was given, from the values of `inputs`."""
        placed = zip(self.slots, _placed(inputs), strict=True)
        return {place.key: str(values[slot.pick] or values[slot.upload] or "") for slot, place in placed if place is not None}

    def restored(self, inputs: Sequence[TemplateInput], files: Mapping[str, Any]) -> Updates:
        """Return updates that choose the inputs of a recipe, as far as they still exist."""
        updates: Updates = {}
        for slot, place in zip(self.slots, _placed(inputs), strict=True):
            value = files.get(place.key) if place is not None else None
            if isinstance(value, str) and slot.path(value) is not None:
                updates[slot.pick] = slot.choosing(value)
        return updates

    def lists(self, values: Values) -> Updates:
        """Return updates of all lists with existing files, keeping what is chosen."""
        return {slot.pick: gr.update(choices=slot.here(str(values[slot.pick] or ""))) for slot in self.slots}


def _label(place: TemplateInput | None) -> str:
    if place is None:
        return ""
    return place.title if place.required else f"{place.title} (optional)"


def _placed(inputs: Sequence[TemplateInput]) -> list[TemplateInput | None]:
    """Return the input that each slot shows."""
    left = [place for place in inputs if place.kind.is_file]
    placed: list[TemplateInput | None] = []
    for kind in KINDS:
        place = next((one for one in left if one.kind is kind), None)
        if place is not None:
            left.remove(place)
        placed.append(place)
    return placed
