"""The endpoints that tell of ComfyUI templates; part of api.endpoints.Endpoints."""

from __future__ import annotations

from typing import Any

from api.calls import endpoint
from studio.productions.character_swap_builtin import BUILTIN, builtin_as_dict
from studio.studio import Studio
from studio.templates import TemplateChecks


class TemplateCalls:
    """/templates, /template and /comfyui_models."""

    _studio: Studio

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
    def comfyui_models(self) -> dict[str, Any]:
        """Every model file that your ComfyUI server lists, by folder, and those in the model roots of this machine."""
        return TemplateChecks(self._studio.comfyui).models()
