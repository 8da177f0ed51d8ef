"""The endpoints that tell of ComfyUI templates; part of api.endpoints.Endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from api.operations.endpoint import endpoint
from capabilities.character_swap.builtin import BUILTIN, builtin_as_dict
from studio.errors import InvalidInput
from studio.files import slug
from studio.services import Services
from studio.workflows import Chosen, TemplateChecks, read_export, suggest_inputs, write_template
from studio.workflows import delete_template as delete_files


class TemplateCalls:
    """/templates, /template, /import_template, /delete_template and /comfyui_models."""

    _studio: Services

    def _given(self, value: gr.FileData, field: str) -> str:
        raise AssertionError  # Endpoints has it

    @endpoint
    def templates(self) -> list[dict[str, Any]]:
        """Every template of character swaps: the built-in, the managed set, your own. A broken one says what is wrong with it.

        Each has `id, title, valid, problems, inputs, parameters`; /template tells whether your ComfyUI server can run it.
        """
        return [builtin_as_dict(), *(template.as_dict() for template in self._studio.templates.all())]

    @endpoint
    def template(self, template: str) -> dict[str, Any]:
        """One template, and all that is missing on your ComfyUI server to run it, each with where to get it.

        Args:
            template: its id as /templates lists it.
        """
        if template == BUILTIN:
            return {**builtin_as_dict(), "validation": {"ready": True, "problems": [], "models": []}}
        found = self._studio.templates.get(template)
        checked = TemplateChecks(self._studio.comfyui).validation(found, newest=True)
        return {**found.as_dict(), "validation": checked.as_dict()}

    @endpoint
    def import_template(
        self, workflow: gr.FileData, title: str, fields: list[str] = [], use: str = "other", memory_gib: float = 0
    ) -> dict[str, Any]:
        """Make a template of your own out of a workflow that ComfyUI exported, in the editor's format or the API's.

        Args:
            workflow: the exported JSON file.
            title: what the template shall be called; its id is made of it.
            fields: which of its places the form shall ask for, by the keys that this call names when one is not known; none
                takes the likely ones, files and the first settings.
            use: character_swap, animate, lip_sync, upscale or other.
            memory_gib: what the server holds at its peak; 0 goes by the sizes of the model files. Where not all of those are
                known it stays 0, and a job takes what the server says is free.
        """
        path = Path(self._given(workflow, "workflow"))
        inventory = self._studio.comfyui.inventory()
        graph = read_export(path, inventory.node_classes)
        found = suggest_inputs(graph, inventory.node_classes)
        unknown = set(fields) - {one.key for one in found}
        if unknown:
            known = ", ".join(one.key for one in found) or "nothing"
            raise InvalidInput("template.no-such-place", place=sorted(unknown)[0], known=known)
        chosen = [Chosen(one) for one in found if (one.key in fields if fields else one.likely)]
        name = slug(title, "template")[:60].strip("-")
        folder = self._studio.paths.workflows
        roots = TemplateChecks(self._studio.comfyui).roots()
        made = write_template(
            folder, name, title.strip(), graph, chosen, inventory, use=use, memory_gib=memory_gib, roots=roots
        )  # fmt: skip
        return made.as_dict()

    @endpoint
    def delete_template(self, template: str) -> dict[str, Any]:
        """Delete a template of your own, both files; those that ship with the studio stay.

        Args:
            template: its id as /templates lists it.
        """
        found = self._studio.templates.get(template)
        told = found.as_dict()
        delete_files(found, self._studio.paths.workflows)
        return told

    @endpoint
    def comfyui_models(self) -> dict[str, Any]:
        """Every model file that your ComfyUI server lists, by folder, and those in the model roots of this machine."""
        return TemplateChecks(self._studio.comfyui).models()
