"""Node definitions of ComfyUI as its servers tell them, and inventories made of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from studio.comfyui.client.inventory import ModelFile, ServerInventory
from studio.workflows import TemplateCollection, WorkflowTemplate
from tests.repository.sources import ROOT

WORKFLOWS = ROOT / "workflows"
DEFINITIONS = ROOT / "tests" / "data" / "comfyui" / "object_info.json.gz"


@cache
def definitions(newer: bool = False) -> Mapping[str, Any]:
    """The classes of tests/data/comfyui: as 0.3.64 has them with the later ones added, or as 0.38 has them."""
    told = json.loads(gzip.decompress(DEFINITIONS.read_bytes()))
    classes = {**told["recorded"]["classes"], **told["read"]["classes"]}
    return {**classes, **told["newer"]["classes"]} if newer else classes


MANAGED = TemplateCollection([WORKFLOWS])


def shipped(template_id: str) -> WorkflowTemplate:
    return MANAGED.get(template_id)


def inventory_for(template: WorkflowTemplate, without: Iterable[str] = (), version: str = "0.38.1") -> ServerInventory:
    """A server that has all a template needs, less the models named in `without`."""
    left_out = set(without)
    models: dict[str, list[ModelFile]] = {}
    for model in template.usable().models:
        models.setdefault(model.folder, [])
        if model.name not in left_out:
            models[model.folder].append(ModelFile(model.name, model.size_bytes or None, f"/models/{model.folder}"))
    return ServerInventory(version, definitions(newer=True), {folder: tuple(files) for folder, files in models.items()})
