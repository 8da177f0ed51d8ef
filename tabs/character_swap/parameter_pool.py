"""Controls for a template's parameters. Templates change while the page is open, so there is a fixed pool of controls that is
adapted to the chosen template; a parameter without a free control keeps its default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from studio.workflows.manifest import Parameter, ParameterKind
from tabs.common.wiring import Updates, Values

SLIDER, NUMBER, CHECK, CHOICE, TEXT = "slider", "number", "check", "choice", "text"
OPEN = {SLIDER: 6, NUMBER: 3, CHECK: 3, CHOICE: 2, TEXT: 2}
FOLDED = {SLIDER: 8, NUMBER: 5, CHECK: 4, CHOICE: 4, TEXT: 3}
_MOST_STEPS = 4_000


class ParameterPool:
    """Draws the pool: one part open, one folded under "Advanced".

    Args:
        parameters: the initial parameters.
    """

    def __init__(self, elem_id: str, parameters: Sequence[Parameter]) -> None:
        placed = self._placed(parameters)
        with gr.Column(elem_classes="flush pool", elem_id=elem_id):
            self._open = _drawn(OPEN, placed[: sum(OPEN.values())])
        folded = any(each.advanced for each in parameters)
        with gr.Accordion(
            "Advanced", open=False, visible=folded, elem_classes="pool", elem_id=f"{elem_id}-advanced"
        ) as self.fold:
            self._folded = _drawn(FOLDED, placed[sum(OPEN.values()) :])

    @property
    def components(self) -> list[Any]:
        """The components that `values` reads."""
        return [*self._open, *self._folded]

    @property
    def outputs(self) -> list[Any]:
        """The components that `show` updates."""
        return [self.fold, *self.components]

    def show(self, parameters: Sequence[Parameter], values: Mapping[str, Any] | None = None) -> Updates:
        """Return updates that show these parameters, with their defaults or the given values."""
        given = values or {}
        updates: Updates = {self.fold: gr.update(visible=any(each.advanced for each in parameters))}
        for component, parameter in zip(self.components, self._placed(parameters), strict=True):
            updates[component] = gr.update(visible=False) if parameter is None else gr.update(**_dress(parameter, given))
        return updates

    def values(self, parameters: Sequence[Parameter], values: Values) -> dict[str, Any]:
        """Return the values of these parameters; empty ones are omitted, so that defaults apply and seeds are drawn."""
        chosen: dict[str, Any] = {}
        for component, parameter in zip(self.components, self._placed(parameters), strict=True):
            value = values[component]
            if parameter is None or value is None or value == "":
                continue
            whole = parameter.kind in (ParameterKind.INTEGER, ParameterKind.SEED)
            chosen[parameter.number_key or parameter.key] = int(value) if whole else value
        return chosen

    def _placed(self, parameters: Sequence[Parameter]) -> list[Parameter | None]:
        """Return the parameter that each component shows, in order."""
        placed: list[Parameter | None] = []
        for pool, advanced in ((OPEN, False), (FOLDED, True)):
            for kind, count in pool.items():
                fitting = [each for each in parameters if each.advanced is advanced and _control_of(each) == kind][:count]
                placed += [*fitting, *([None] * (count - len(fitting)))]
        return placed


def _control_of(parameter: Parameter) -> str:
    if parameter.kind is ParameterKind.BOOLEAN:
        return CHECK
    if parameter.kind is ParameterKind.CHOICE:
        return CHOICE
    if parameter.kind is ParameterKind.TEXT:
        return TEXT
    low, high = parameter.minimum, parameter.maximum
    if parameter.kind is ParameterKind.SEED or low is None or high is None or (high - low) / _step(parameter) > _MOST_STEPS:
        return NUMBER
    return SLIDER


def _step(parameter: Parameter) -> float:
    if parameter.step:
        return parameter.step
    if parameter.kind is ParameterKind.INTEGER:
        return 1
    return round(((parameter.maximum or 1) - (parameter.minimum or 0)) / 100, 4) or 0.01


def _dress(parameter: Parameter, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the update by which a control shows a parameter."""
    seed = parameter.kind is ParameterKind.SEED
    number, value = given.get(parameter.number_key), given.get(parameter.key)
    first = parameter.shown_from
    if number is not None:
        value = number - first
    value = parameter.default if value is None and not seed else value
    props: dict[str, Any] = {
        "label": parameter.title, "info": parameter.help or ("Empty draws one." if seed else ""), "visible": True,
        "value": value + first if first and value is not None else value,
    }  # fmt: skip
    kind = _control_of(parameter)
    if kind in (SLIDER, NUMBER):
        low, high = parameter.minimum, parameter.maximum
        props |= {"minimum": low + first if first and low is not None else low}
        props |= {"maximum": high + first if first and high is not None else high}
    if kind == SLIDER:
        props["step"] = _step(parameter)
    elif kind == NUMBER:
        props["precision"] = 0 if parameter.kind in (ParameterKind.INTEGER, ParameterKind.SEED) else None
    elif kind == CHOICE:
        props["choices"] = [(str(each), each) for each in parameter.choices]
    return props


def _drawn(pool: Mapping[str, int], placed: Sequence[Parameter | None]) -> list[Component]:
    """Draw the components of one part in order, with the initial parameters."""
    kinds = [kind for kind, count in pool.items() for _ in range(count)]
    made: list[Component] = []
    for kind, parameter in zip(kinds, placed, strict=True):
        props = {"label": "", "visible": False} if parameter is None else _dress(parameter, {})
        made.append(_MAKERS[kind](interactive=True, min_width=200, **props))
    return made


_MAKERS: dict[str, Any] = {
    SLIDER: gr.Slider,
    NUMBER: gr.Number,
    CHECK: gr.Checkbox,
    CHOICE: gr.Dropdown,
    TEXT: lambda **shown: gr.Textbox(lines=2, max_lines=6, **shown),
}
