"""A template made ready for one job: its values settled, and held against a server once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from studio.comfyui.client.inventory import ServerInventory
from studio.comfyui.service import ComfyUIService
from studio.errors import InvalidInput
from studio.workflows import TemplateChecks, Validation, WorkflowTemplate, build_prompt, memory_need, validate
from studio.workflows.manifest import Manifest
from studio.workflows.preflight import NO_SERVER, TemplateProblem, joined_problems


class TemplateLacks(InvalidInput):
    """A template needs something that the server does not have; the reason names all of it, the hint where to get it."""


@dataclass(frozen=True)
class PreparedTemplate:
    """
    Args:
        values: of every parameter.
        inventory: what the server has, None while that is unknown; `absent` says why.
        roots: folders of models on this machine.
    """

    template: WorkflowTemplate
    values: Mapping[str, Any]
    inventory: ServerInventory | None
    roots: tuple[Path, ...]
    absent: TemplateProblem = NO_SERVER

    @property
    def manifest(self) -> Manifest:
        return self.template.usable()

    @cached_property
    def validation(self) -> Validation:
        """The readiness of the template on the server; computed when first used."""
        return validate(self.template, self.inventory, self.roots, self.absent)

    @property
    def memory_gib(self) -> float:
        """The need that the manifest states, else the sizes of its files, as far as they are known."""
        return self.manifest.memory_gib or memory_need(self.validation.models, self.template.graph).gib

    def on(self, inventory: ServerInventory) -> PreparedTemplate:
        """The same on what a server has now; what was worked out holds where nothing has changed."""
        return self if inventory == self.inventory else replace(self, inventory=inventory)

    def refuse_missing(self) -> None:
        """
        Raises:
            TemplateLacks: something that the template needs is not there; all of it is named, with where to get it.
        """
        if self.validation.ready:
            return
        problems = joined_problems(self.validation.problems)
        steps = {str(step): step for _, step in problems if step}
        raise TemplateLacks(
            "template.cannot-run-yet",
            template=self.template.title,
            why=[why for why, _ in problems],
            next_step=list(steps.values()),
        )

    def graph(self, uploaded: Mapping[str, str], prefix: str, seconds: Mapping[str, float] | None = None) -> dict[str, Any]:
        """The prompt for the server whose inventory this is.

        Args:
            uploaded: the server's names of the files, by input key. prefix: of the results' names there.
            seconds: how long the sounds are, by input key.
        """
        assert self.inventory is not None
        return build_prompt(self.template, self.values, uploaded, self.inventory, prefix, self.roots, seconds)


class TemplatePreparer:
    """Makes templates ready for jobs; holds nothing of one."""

    def __init__(self, comfyui: ComfyUIService) -> None:
        self._checks = TemplateChecks(comfyui)

    def prepare(self, template: WorkflowTemplate, options: Mapping[str, Any]) -> PreparedTemplate:
        """With its values settled; no server is contacted.

        Raises:
            InvalidInput: the template is damaged, or a value cannot be.
        """
        return PreparedTemplate(template, template.complete(options), None, self._checks.roots())

    def on_server(self, prepared: PreparedTemplate) -> PreparedTemplate:
        """With what the server has. One of the studio's own is not started for this; its last inventory counts."""
        inventory, absent = self._checks.inventory()
        return replace(prepared, inventory=inventory, absent=absent)
