"""ComfyUI's description of nodes: an entry of /object_info parsed to the possible inputs of a node.

The forms follow the server's comfy_api/latest/_io.py: combos in the old and the new notation, dynamic combos (whose choice adds
inputs named "combo.inner"), growing inputs ("images.image0", "images.image1" …) and sockets of any or of matching type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

WIDGETS = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW = "COMFY_AUTOGROW_V3"
MATCH = "COMFY_MATCHTYPE_V3"
ANY = frozenset({"*", MATCH})


@dataclass(frozen=True)
class InputSpec:
    """One input of a node class.

    Attributes:
        type: "INT", "IMAGE", "COMBO" for every list of choices, or a dynamic type.
        choices: of a combo, as the server lists them now; None for other inputs.
    """

    name: str
    type: str
    required: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[Any, ...] | None = None

    @property
    def is_widget(self) -> bool:
        """Whether the editor shows a field for it, so that it has a position among a node's widget values."""
        return (self.type in WIDGETS or self.type == DYNAMIC_COMBO) and not self.options.get("forceInput")

    @property
    def seed_control(self) -> bool:
        """Whether the editor adds a "randomize" field after it, which has a position of its own."""
        if self.type not in ("INT", "COMBO") or self.options.get("forceInput"):
            return False
        return bool(self.options.get("control_after_generate")) or (
            self.type == "INT" and self.name.split(".")[-1] in ("seed", "noise_seed")
        )

    def chosen(self, key: Any) -> list[InputSpec] | None:
        """Return the inputs that a dynamic combo's choice adds, by their full names; None without such a choice."""
        for option in self.options.get("options", ()):
            if isinstance(option, Mapping) and option.get("key") == key:
                return list(_specs(option.get("inputs", {}), (), f"{self.name}."))
        return None

    def grown(self) -> list[InputSpec]:
        """Return every possible input of a growing one."""
        template = self.options.get("template", {})
        names = template.get("names") or [f"{template.get('prefix', '')}{place}" for place in range(int(template.get("max", 0)))]
        inner = next(iter(_specs(template.get("input", {}), (), "")), None)
        if inner is None:
            return []
        least = int(template.get("min", 0))
        return [
            InputSpec(f"{self.name}.{name}", inner.type, inner.required and place < least, inner.options, inner.choices)
            for place, name in enumerate(names)
        ]


def read_inputs(node_class: Mapping[str, Any]) -> list[InputSpec]:
    """Return the declared inputs of a class in the editor's order: required, then optional; hidden ones are omitted."""
    order = node_class.get("input_order") or {}
    return list(_specs(node_class.get("input") or {}, order, ""))


def live_inputs(node_class: Mapping[str, Any], given: Mapping[str, Any]) -> list[InputSpec]:
    """Return the inputs of a node with these values: those of chosen dynamic combos, and growing inputs expanded."""
    return list(_opened(read_inputs(node_class), given))


def accepts(wanted: str, offered: str) -> bool:
    """Return whether an output of one type may be linked to an input of another."""
    if wanted in ANY or offered in ANY:
        return True
    wanted_kinds, offered_kinds = set(wanted.split(",")), set(offered.split(","))
    return "*" in wanted_kinds or "*" in offered_kinds or bool(wanted_kinds & offered_kinds)


def output_types(node_class: Mapping[str, Any]) -> list[str]:
    """Return the output types; a list of choices is COMBO, as on the server."""
    return [kind if isinstance(kind, str) else "COMBO" for kind in node_class.get("output") or ()]


def _opened(specs: Iterable[InputSpec], given: Mapping[str, Any]) -> Iterator[InputSpec]:
    for spec in specs:
        if spec.type == AUTOGROW:
            yield from spec.grown()
            continue
        yield spec
        if spec.type == DYNAMIC_COMBO:
            yield from _opened(spec.chosen(given.get(spec.name)) or (), given)


def _specs(inputs: Mapping[str, Any], order: Any, prefix: str) -> Iterator[InputSpec]:
    for group, required in (("required", True), ("optional", False)):
        declared = inputs.get(group) or {}
        names = [name for name in (order or {}).get(group, ()) if name in declared] or list(declared)
        for name in names:
            yield _spec(prefix + name, declared[name], required)


def _spec(name: str, declared: Any, required: bool) -> InputSpec:
    kind = declared[0] if isinstance(declared, list | tuple) and declared else declared
    options = declared[1] if isinstance(declared, list | tuple) and len(declared) > 1 and isinstance(declared[1], Mapping) else {}
    if isinstance(kind, list | tuple):
        return InputSpec(name, "COMBO", required, options, tuple(kind))
    if kind == "COMBO":
        return InputSpec(name, "COMBO", required, options, tuple(options.get("options") or ()))
    if kind == DYNAMIC_COMBO:
        keys = tuple(option.get("key") for option in options.get("options", ()) if isinstance(option, Mapping))
        return InputSpec(name, kind, required, options, keys)
    return InputSpec(name, str(kind), required, options)
