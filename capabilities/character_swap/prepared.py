"""A template prepared for one job: values resolved, and checked against a server once."""

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
    """A template needs something that the server lacks; the reason names all of it, the hint where to get it."""


@dataclass(frozen=True)
class PreparedTemplate:
    """A template with resolved values.

    Args:
        values: of every parameter.
        inventory: what the server has, None if it is unknown; `absent` says why.
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
        """The readiness of the template on the server, computed when first used."""
        return validate(self.template, self.inventory, self.roots, self.absent)

    @property
    def memory_gib(self) -> float:
        """The manifest's memory, else the known sizes of its files."""
        return self.manifest.memory_gib or memory_need(self.validation.models, self.template.graph).gib

    def on(self, inventory: ServerInventory) -> PreparedTemplate:
        """Return the same with a server's present inventory; the validation is reused if the inventory is unchanged."""
        return self if inventory == self.inventory else replace(self, inventory=inventory)

    def refuse_missing(self) -> None:
        """Check that the server has everything.

        Raises:
            TemplateLacks: something is missing; the error names all of it, with where to get it.
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
        """Return the prompt for the server with this inventory.

        Args:
            uploaded: the server's names of the files, by input key.
            prefix: of the results' names on the server.
            seconds: lengths of the sounds, by input key.
        """
        assert self.inventory is not None
        return build_prompt(self.template, self.values, uploaded, self.inventory, prefix, self.roots, seconds)


class TemplatePreparer:
    """Prepares templates for jobs. Has no state of a job."""

    def __init__(self, comfyui: ComfyUIService) -> None:
        self._checks = TemplateChecks(comfyui)

    def prepare(self, template: WorkflowTemplate, options: Mapping[str, Any]) -> PreparedTemplate:
        """Return a template with its values resolved; contacts no server.

        Raises:
            InvalidInput: the template is damaged, or a value is invalid.
        """
        return PreparedTemplate(template, template.complete(options), None, self._checks.roots())

    def on_server(self, prepared: PreparedTemplate) -> PreparedTemplate:
        """Return the template with the server's inventory. The studio's own server is not started; its last inventory is used."""
        inventory, absent = self._checks.inventory()
        return replace(prepared, inventory=inventory, absent=absent)
