"""Controls for an engine's options, generated from its pydantic model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from engines.contract import Engine
from tabs.common.wiring import QUIET, Updates, Values


@dataclass(frozen=True)
class OptionControls:
    """The controls of one engine, hidden as a group while another engine is chosen.

    Args:
        names, components: of the options, in the same order. only_for: the method that uses each option, "" for all.
    """

    engine_id: str
    group: gr.Column
    names: tuple[str, ...]
    components: tuple[Component, ...]
    only_for: tuple[str, ...]

    def named(self) -> Iterator[tuple[str, Component]]:
        """Yield each option's name with its control."""
        return zip(self.names, self.components, strict=True)


def build_controls(engine: type[Engine], *, visible: bool, method: str = "") -> OptionControls:
    """Draw the controls: common options open, the rest folded under "Advanced".

    Args:
        method: the initial method; options of other methods are hidden. "" shows all.
    """
    schema = engine.Options.model_json_schema()
    fields = {name: _flatten(field) for name, field in schema.get("properties", {}).items()}
    common = {name: field for name, field in fields.items() if field.get("common")}
    rest = {name: field for name, field in fields.items() if not field.get("common")}
    made: dict[str, Component] = {}
    with gr.Column(visible=visible, elem_classes="flush") as group:
        with gr.Row():
            for name, field in common.items():
                made[name] = _control(name, field)
        if rest:
            with gr.Accordion(f"Advanced: {engine.card.title}", open=False):
                for name, field in rest.items():
                    made[name] = _control(name, field)
    for name, field in fields.items():
        for other, values in field.get("hidden_with", {}).items():
            _hide_with(made[name], field, made[other], values)
    methods = tuple(str(fields[name].get("only_for", "")) for name in made)
    for component, only_for in zip(made.values(), methods, strict=True):
        component.visible = not (method and only_for) or only_for == method
    return OptionControls(engine.card.id, group, tuple(made), tuple(made.values()), methods)


def _hide_with(control: Component, field: Mapping[str, Any], other: Any, values: Sequence[Any]) -> None:
    """Show a control only while it applies. A hidden control is reset to its default, so that no invisible value is sent."""

    def chosen(value: Any) -> Any:
        return gr.update(visible=False, value=field.get("default")) if value in values else gr.update(visible=True)

    other.change(chosen, other, control, **QUIET)


def of_one_method(controls: Sequence[OptionControls]) -> list[tuple[Component, str]]:
    """Return the controls that only one method uses, with its name."""
    pairs = [pair for group in controls for pair in zip(group.components, group.only_for, strict=True)]
    return [(component, method) for component, method in pairs if method]


def all_components(controls: Sequence[OptionControls]) -> list[Component]:
    return [component for group in controls for component in group.components]


def chosen_options(controls: Sequence[OptionControls], engine_id: str, values: Values) -> dict[str, Any]:
    """Return the options of one engine from a form's values; {} for an engine without controls."""
    group = next((one for one in controls if one.engine_id == engine_id), None)
    return {} if group is None else {name: values[component] for name, component in group.named()}


def restored_values(controls: Sequence[OptionControls], engine_id: str, options: Mapping[str, Any]) -> Updates:
    """Return updates that restore a recipe's options."""
    group = next((one for one in controls if one.engine_id == engine_id), None)
    return {} if group is None else {component: options[name] for name, component in group.named() if name in options}


def _flatten(field: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a nullable field without null."""
    kinds = [kind for kind in field.get("anyOf", []) if kind.get("type") != "null"]
    return {**field, **kinds[0]} if kinds else dict(field)


def _control(name: str, field: Mapping[str, Any]) -> Component:
    unit = f" ({field['unit']})" if field.get("unit") else ""
    shown: dict[str, Any] = {
        "label": f"{field.get('title', name)}{unit}",
        "info": field.get("description"),
        "value": field.get("default"),
        "interactive": True,
        "min_width": 200,
    }
    if "enum" in field:
        return gr.Dropdown(choices=[(str(choice) or "none", choice) for choice in field["enum"]], **shown)
    kind = field.get("type")
    if kind == "boolean":
        return gr.Checkbox(**shown)
    if kind in ("integer", "number"):
        low, high = field.get("minimum"), field.get("maximum")
        step = field.get("multipleOf") or (1 if kind == "integer" else None)
        if low is not None and high is not None:
            return gr.Slider(low, high, step=step or round((high - low) / 100, 4), **shown)
        return gr.Number(precision=0 if kind == "integer" else None, minimum=low, maximum=high, **shown)
    return gr.Textbox(max_lines=3, **shown)
