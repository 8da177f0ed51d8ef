"""One template as read from its two files, valid or not, and the values of a job."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from media.messages.message import Message
from studio.errors import InvalidInput
from studio.preprocessing import Constraints
from studio.workflows.manifest import InputKind, Manifest, TemplateInput
from studio.workflows.values import checked_parameter, checked_points

Graph = Mapping[str, Mapping[str, Any]]
"""A prompt in ComfyUI's API format: node id → {"class_type", "inputs", "_meta"}."""

SEEDS = 2**32
"""Drawn seeds stay short enough to be read aloud and typed."""


@dataclass(frozen=True)
class WorkflowTemplate:
    """A manifest and its graph.

    Attributes:
        manifest: None if the file cannot be parsed; then `valid` is false.
        graph: must not be changed; `build_prompt` works on a copy.
        problems: every error of the two files; a template without one is valid.
        own: whether it is in the data folder, so that the user may edit and delete it.
    """

    id: str
    title: str
    manifest: Manifest | None
    graph: Graph
    problems: tuple[Message, ...] = ()
    own: bool = False

    @property
    def valid(self) -> bool:
        return self.manifest is not None and not self.problems

    def usable(self) -> Manifest:
        """Return the manifest of a valid template.

        Raises:
            InvalidInput: it is invalid; the error is its first problem.
        """
        if self.manifest is None or self.problems:
            first = self.problems[0] if self.problems else Message.of("manifest.not-read")
            raise InvalidInput("template.broken", template=self.id, problem=first)
        return self.manifest

    def complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter with a valid value: the given ones, else defaults; a missing seed is drawn.

        Points on an input are values too: a list of {"x", "y", "subject"}, x and y as fractions of the picture.

        Raises:
            InvalidInput: an unknown key, or a value that is not allowed; the error names it and what is allowed.
        """
        manifest = self.usable()
        points = {each.key: each for each in manifest.inputs if each.kind is InputKind.POINTS}
        known = [*(each.key for each in manifest.parameters), *points]
        values = self._counted_from_zero(values)
        for key in values:
            if key not in known:
                raise self._unknown(key, known)
        clicked = {key: checked_points(place, values.get(key)) for key, place in points.items()}
        reset = {name for key, place in points.items() if clicked[key] for name in place.resets}
        parameters = manifest.parameters
        completed = {
            each.key: checked_parameter(each, None if each.key in reset else values.get(each.key)) for each in parameters
        }
        completed.update(clicked)
        return {
            key: secrets.randbelow(SEEDS) if value == "draw" and self._is_seed(key) else value for key, value in completed.items()
        }

    def _counted_from_zero(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Numbers that count from 1 as the indices that the graph takes. Raises InvalidInput for one that is not allowed."""
        given = dict(values)
        for each in self.usable().parameters:
            if given.get(each.number_key) is not None:
                given[each.key] = checked_parameter(each.counted, given.pop(each.number_key)) - 1
        return given

    def input(self, key: str) -> TemplateInput:
        """
        Raises:
            InvalidInput: it has no input of this name.
        """
        manifest = self.usable()
        for each in manifest.inputs:
            if each.key == key:
                return each
        raise self._unknown(key, [each.key for each in manifest.inputs])

    def constraints(self, key: str, values: Mapping[str, Any]) -> Constraints:
        """Return the constraints of one input's file in a job with these completed values."""
        place = self.input(key)
        changes: dict[str, Any] = {}
        if place.rate_from:
            changes["fps"] = float(values[place.rate_from])
        if place.frames_from:
            changes["max_frames"] = int(values[place.frames_from])
        return place.constraints.model_copy(update=changes)

    def as_dict(self) -> dict[str, Any]:
        """Return the template in the form of the public API."""
        manifest = self.manifest
        shown = (
            "use",
            "summary",
            "verified",
            "min_comfyui",
            "memory_gib",
            "tier",
            "licence",
            "notes",
            "models",
            "nodes",
            "outputs",
        )
        facts = manifest.model_dump(mode="json", include=set(shown)) if manifest else {}
        inputs, parameters = (manifest.inputs, manifest.parameters) if manifest else ((), ())
        return {
            "id": self.id,
            "title": self.title,
            "valid": self.valid,
            "problems": [str(problem) for problem in self.problems],
            "own": self.own,
            "inputs": [{**each.model_dump(mode="json"), "extensions": list(each.accepted)} for each in inputs],
            "parameters": [each.model_dump(mode="json") for each in parameters],
            **facts,
        }  # fmt: skip

    def _is_seed(self, key: str) -> bool:
        return any(each.key == key and each.kind == "seed" for each in self.usable().parameters)

    def _unknown(self, key: str, known: list[str]) -> InvalidInput:
        near = get_close_matches(key, known, n=1)
        return InvalidInput("template.option-unknown", template=self.id, option=key, near=near, known=known)
