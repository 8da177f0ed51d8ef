"""Keeps the values of forms in the browser, and restores them when the page is opened.

Long texts are kept by texts.js; this module is for voices, engines, sliders and files. Restored values are validated like
everything that a browser sends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from studio.files import file_within
from studio.services import Services
from tabs.common.lists.live_lists import LiveDropdown
from tabs.common.wiring import QUIET, Updates

_FILES = (gr.Image, gr.Video, gr.Audio)


class KeptForm:
    """The values of one tab's form.

    Args:
        name: of the tab; neither it nor the keys of `components` may change.
    """

    def __init__(self, studio: Services, name: str, secret: str, components: Mapping[str, Any]) -> None:
        self._folders = (studio.paths.root / "uploads", studio.paths.outputs, studio.site.assets / "portraits")
        self._components = dict(components)
        self.store = gr.BrowserState({}, storage_key=f"greenroom.form.{name}", secret=secret)

    @property
    def components(self) -> list[Any]:
        return list(self._components.values())

    def wire(self) -> None:
        """Store every change in the browser. Nothing is stored before the earlier values have been restored."""
        names = json.dumps(list(self._components))
        keep = f"(...values) => greenroom.keptForm({names}, values)"
        changes = [one.change for one in self._components.values()]
        gr.on(changes, None, [*self.components, self.store], self.store, js=keep, **QUIET)

    def restored(self, kept: Any) -> Updates:
        """Return updates for values that differ from the initial form; values that no longer exist or are invalid are
        omitted."""
        if not isinstance(kept, dict):
            return {}
        updates: Updates = {}
        for name, component in self._components.items():
            if name in kept and kept[name] != component.value and kept[name] is not None:
                update = self._update(component, kept[name])
                if update is not None:
                    updates[component] = update
        return updates

    def _update(self, component: Any, value: Any) -> Any:
        if isinstance(component, _FILES):
            path = self._file(value)
            return None if path is None else gr.update(value=str(path))
        if isinstance(component, gr.File):
            found = [path for path in (self._file(one) for one in value) if path] if isinstance(value, list) else []
            return gr.update(value=[str(path) for path in found]) if found else None
        if isinstance(component, gr.Dataframe):
            rows = value.get("data") if isinstance(value, dict) else None
            return gr.update(value=rows) if isinstance(rows, list) and any(any(row) for row in rows) else None
        if isinstance(component, gr.Dropdown | gr.Radio):
            return _choice(component, value)
        if isinstance(component, gr.Slider | gr.Number):
            low, high = component.minimum, component.maximum
            fits = isinstance(value, int | float) and (low is None or value >= low) and (high is None or value <= high)
            return gr.update(value=value) if fits else None
        kind = bool if isinstance(component, gr.Checkbox) else str
        return gr.update(value=value) if isinstance(value, kind) else None

    def _file(self, value: Any) -> Path | None:
        """Return the file of a component's value: an upload or result that still exists."""
        named = value.get("video", value) if isinstance(value, dict) else None
        path = named.get("path") if isinstance(named, dict) else None
        return file_within(path, self._folders) if isinstance(path, str) else None


def _choice(component: Any, value: Any) -> Any:
    known = [one for _, one in component.choices]
    if value in known:
        return gr.update(value=value)
    if isinstance(component, LiveDropdown) and isinstance(value, str):  # its list is refreshed and marks missing entries
        return gr.update(choices=[*component.choices, (value, value)], value=value)
    return None


class KeptForms:
    """All forms of the page, restored in one request when it is opened."""

    def __init__(self, forms: Sequence[KeptForm]) -> None:
        self._forms = forms

    def wire(self, page: gr.Blocks) -> None:
        """Connect the forms. Call it last, when all events that follow a change are connected."""
        outputs = [component for form in self._forms for component in form.components]

        def restored(*kept: Any) -> Updates:
            updates: Updates = {outputs[0]: gr.skip()}
            for form, values in zip(self._forms, kept, strict=True):
                updates |= form.restored(values)
            return updates

        put_back = page.load(restored, [form.store for form in self._forms], outputs, **QUIET)
        put_back.then(None, None, None, js="() => { greenroom.formsRestored() }", **QUIET)
        for form in self._forms:
            form.wire()


def named_options(groups: Sequence[Any]) -> dict[str, Any]:
    """Return the controls of engines' options by the names of engine and option."""
    return {f"{group.engine_id}.{name}": component for group in groups for name, component in group.named()}
