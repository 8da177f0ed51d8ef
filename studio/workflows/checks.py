"""Comparison of templates with the configured ComfyUI server, without starting it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from media.messages.message import Message
from studio.comfyui.client.inventory import ModelFile, ServerInventory
from studio.comfyui.errors import SAY_WHERE
from studio.errors import GreenroomError
from studio.workflows.model_folders import parse_roots, scan_roots
from studio.workflows.preflight import NO_SERVER, TemplateProblem, Validation, validate
from studio.workflows.template import WorkflowTemplate


class InstallationSettings(Protocol):
    @property
    def path(self) -> Path | None: ...
    @property
    def model_roots(self) -> str: ...


class InventorySource(Protocol):
    """The part of the ComfyUI service that this module uses."""

    @property
    def settings(self) -> InstallationSettings: ...
    @property
    def configured(self) -> bool: ...
    @property
    def own(self) -> bool: ...
    def inventory(self, newest: bool = False) -> ServerInventory: ...
    def known_inventory(self) -> ServerInventory | None: ...


class TemplateChecks:
    """Read-only; any thread may call any method."""

    def __init__(self, server: InventorySource) -> None:
        self._server = server

    def roots(self) -> tuple[Path, ...]:
        """Return the folders of models on this machine: those of the settings, then the installation's own."""
        settings = self._server.settings
        own = (settings.path / "models",) if settings.path else ()
        return tuple(dict.fromkeys((*parse_roots(settings.model_roots), *own)))

    def inventory(self, newest: bool = False) -> tuple[ServerInventory | None, TemplateProblem]:
        """Return the server's inventory, or None and the reason. The studio's own server is not started; its last inventory is
        used.
        """
        if not self._server.configured:
            return None, NO_SERVER
        if self._server.own:
            known = self._server.known_inventory()
            why, step = Message.of("comfyui.not-started-yet"), Message.of("comfyui.check-at-first-job")
            return known, TemplateProblem("server", "ComfyUI", why, step)
        try:
            return self._server.inventory(newest), NO_SERVER
        except GreenroomError as error:
            return None, TemplateProblem("server", "ComfyUI", error.message, error.hint or SAY_WHERE)

    def validation(self, template: WorkflowTemplate, newest: bool = False) -> Validation:
        """Return the state of a template on the server; without one, only its files and the model folders are checked."""
        inventory, absent = self.inventory(newest)
        return validate(template, inventory, self.roots(), absent)

    def models(self) -> dict[str, Any]:
        """Return every model file of the server and of this machine's folders, in the form of the public API."""
        inventory, absent = self.inventory(newest=True)
        on_disk = scan_roots(self.roots())
        return {
            "server": inventory is not None,
            "problem": None if inventory is not None else absent.as_dict(),
            "version": inventory.version if inventory else None,
            "roots": [str(root) for root in self.roots()],
            "models": _told(inventory.models if inventory else {}),
            "on_disk": _told(on_disk),
        }


def _told(folders: Any) -> dict[str, list[dict[str, Any]]]:
    return {folder: [_file(file) for file in files] for folder, files in sorted(folders.items())}


def _file(file: ModelFile) -> dict[str, Any]:
    return {"name": file.name, "size_bytes": file.size_bytes, "root": file.root}
