"""Creation of a user's template from an exported workflow: suggestions for the form, and the two files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from studio.comfyui.client.inventory import ServerInventory
from studio.errors import InvalidInput, NotFound, StorageError
from studio.validation import validated
from studio.workflows.graph.conversion import Classes, as_api_graph, file_ending, is_editor_format
from studio.workflows.manifest import Manifest, ParameterKind, RequiredModel
from studio.workflows.memory_need import MemoryNeed, memory_need
from studio.workflows.model_folders import MODEL_ENDINGS
from studio.workflows.preflight import basename, found_models
from studio.workflows.reading import MANIFEST_SUFFIX, read_template
from studio.workflows.suggestions import Suggestion, suggest_outputs
from studio.workflows.template import WorkflowTemplate

FOLDERS = {
    "ckpt_name": "checkpoints", "unet_name": "diffusion_models", "vae_name": "vae", "lora_name": "loras",
    "control_net_name": "controlnet", "audio_encoder_name": "audio_encoders", "style_model_name": "style_models",
    "clip_name1": "text_encoders", "clip_name2": "text_encoders", "clip_name3": "text_encoders",
    "CLIPLoader.clip_name": "text_encoders", "CLIPVisionLoader.clip_name": "clip_vision",
    "UpscaleModelLoader.model_name": "upscale_models", "ModelPatchLoader.name": "model_patches",
}  # fmt: skip
"""Where the server's own loaders look, by input or by class and input."""
MOST_GIB = 10_000


@dataclass(frozen=True)
class Chosen:
    """A suggestion that the user has accepted, with its label."""

    suggestion: Suggestion
    key: str = ""
    title: str = ""
    help: str = ""
    required: bool = True


def read_export(path: Path, classes: Classes) -> dict[str, Any]:
    """Return the graph of an exported workflow in API format.

    Raises:
        InvalidInput: no JSON, not understood, or invalid for the server's nodes.
    """
    try:
        workflow = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise InvalidInput("workflow.not-json") from None
    graph = as_api_graph(workflow, classes)
    if is_editor_format(workflow):
        _keep_addresses(graph, workflow)
    return graph


def write_template(
    folder: Path,
    template_id: str,
    title: str,
    graph: Mapping[str, Any],
    chosen: Sequence[Chosen],
    inventory: ServerInventory,
    *,
    summary: str = "",
    use: str = "other",
    outputs: Sequence[tuple[str, str]] = (),
    memory_gib: float = 0.0,
    roots: Iterable[Path] = (),
) -> WorkflowTemplate:
    """Write a manifest and a graph into a person's own folder, and read them back.

    Args:
        folder: data/workflows; made when it is not there.
        memory_gib: what the server needs at its peak; 0 takes what `need_of` finds, and leaves it out where that is nothing.
        roots: folders of models on this machine, for the sizes of files.
        outputs: nodes and kinds; empty takes the first of `suggest_outputs`.

    Raises:
        InvalidInput: the id is taken or no id, nothing is saved by the graph, or the two would not be a valid template.
        StorageError: the folder cannot be written.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", template_id):
        raise InvalidInput("template.id-wrong", template=template_id)
    manifest_path, graph_path = folder / f"{template_id}{MANIFEST_SUFFIX}", folder / f"{template_id}.json"
    if manifest_path.exists() or graph_path.exists():
        raise InvalidInput("template.id-taken", template=template_id)
    saved = tuple(outputs) or tuple(suggest_outputs(graph, inventory.node_classes)[:1])
    if not saved:
        raise InvalidInput("workflow.saves-nothing")
    if not 0 <= memory_gib <= MOST_GIB:
        raise InvalidInput("template.memory-wrong", gib=memory_gib)
    need = MemoryNeed(memory_gib, "") if memory_gib else need_of(graph, inventory, roots)
    manifest = _manifest(template_id, title, graph, chosen, inventory, summary or title, use, saved, need)
    clean = {node_id: _plain(node) for node_id, node in graph.items()}
    return _written(manifest_path, manifest, graph_path, clean)


def _written(manifest_path: Path, manifest: Mapping[str, Any], graph_path: Path, graph: Mapping[str, Any]) -> WorkflowTemplate:
    """Both files on the disk, as the template that they make; neither where they make none."""
    try:
        manifest_path.parent.mkdir(parents=True, exist_ok=True)
        graph_path.write_text(json.dumps(graph, ensure_ascii=False, indent=1), "utf-8")
        manifest_path.write_text(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=120), "utf-8")
    except OSError:
        _remove(manifest_path, graph_path)
        raise StorageError("template.not-written") from None
    template = read_template(manifest_path, own=True)
    if not template.valid:
        _remove(manifest_path, graph_path)
        raise InvalidInput("template.would-be-invalid", problem=template.problems[0])
    return template


def need_of(graph: Mapping[str, Any], inventory: ServerInventory, roots: Iterable[Path] = ()) -> MemoryNeed:
    """Return the memory that a workflow needs on the server, from the sizes of its model files."""
    models = [validated(RequiredModel, told) for told in _models(graph, inventory)]
    return memory_need(found_models(models, inventory, roots), graph)


def delete_template(template: WorkflowTemplate, folder: Path) -> None:
    """Delete a person's own template, both files.

    Raises:
        InvalidInput: it ships with the studio. NotFound: its files are gone.
    """
    if not template.own:
        raise InvalidInput("template.ships", template=template.title)
    path = folder / f"{template.id}{MANIFEST_SUFFIX}"
    if not path.exists():
        raise NotFound("template.files-gone", template=template.id)
    _remove(path, folder / f"{template.id}.json")


def _plain(node: Mapping[str, Any]) -> dict[str, Any]:
    title = (node.get("_meta") or {}).get("title", "")
    return {"class_type": node["class_type"], "inputs": node["inputs"], "_meta": {"title": title}}


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _manifest(
    template_id: str,
    title: str,
    graph: Mapping[str, Any],
    chosen: Sequence[Chosen],
    inventory: ServerInventory,
    summary: str,
    use: str,
    outputs: Iterable[tuple[str, str]],
    need: MemoryNeed,
) -> dict[str, Any]:
    files = [each for each in chosen if each.suggestion.is_file]
    values = [each for each in chosen if not each.suggestion.is_file]
    version = re.search(r"\d{1,9}(\.\d{1,9}){1,2}", inventory.version or "")
    given = {
        "id": template_id, "title": title, "summary": summary, "use": use, "licence": {"name": "as its author says"},
        "verified": "unverified", "min_comfyui": version.group() if version else "0.3.0", "tier": need.tier.value,
        **({"memory_gib": need.gib} if need.known else {}),
        "inputs": [_input(each) for each in files],
        "parameters": [_parameter(each) for each in values],
        "mappings": [{"key": each.key or each.suggestion.key, "node": each.suggestion.node, "input": each.suggestion.input,
                      "expect_class": each.suggestion.class_type} for each in chosen],
        "models": list(_models(graph, inventory)),
        "nodes": [{"pack": "ComfyUI or its custom nodes", "classes": sorted({node["class_type"] for node in graph.values()})}],
        "outputs": [{"node": node_id, "kind": kind, "expect_class": graph[node_id]["class_type"]} for node_id, kind in outputs],
    }  # fmt: skip
    validated(Manifest, given)
    return given


def _input(each: Chosen) -> dict[str, Any]:
    place = each.suggestion
    return {"key": each.key or place.key, "kind": place.kind.value, "title": each.title or place.title, "help": each.help,
            "required": each.required}  # fmt: skip


def _parameter(each: Chosen) -> dict[str, Any]:
    place = each.suggestion
    told: dict[str, Any] = {"key": each.key or place.key, "kind": place.kind.value, "title": each.title or place.title,
                            "help": each.help}  # fmt: skip
    if place.kind is ParameterKind.SEED:
        return told
    told["default"] = place.value
    if place.kind in (ParameterKind.INTEGER, ParameterKind.NUMBER):
        told.update(minimum=place.minimum, maximum=place.maximum)
    if place.kind is ParameterKind.CHOICE:
        told["choices"] = list(place.choices)
    return told


def _models(graph: Mapping[str, Any], inventory: ServerInventory) -> Iterable[dict[str, Any]]:
    """The model files that the graph's loaders name, where it is known in which folder they are looked for."""
    for node_id, node in graph.items():
        for name, value in node["inputs"].items():
            if not isinstance(value, str) or file_ending(value) not in MODEL_ENDINGS:
                continue
            told = (node.get("_meta") or {}).get("models", {}).get(basename(value), {})
            folder = FOLDERS.get(f"{node['class_type']}.{name}") or FOLDERS.get(name) or told.get("directory")
            folder = folder or _listed_in(value, inventory)
            if folder:
                own_name = value.replace("\\", "/").rsplit("/", 1)[-1]
                yield {"folder": folder, "name": own_name, "url": told.get("url", ""), "licence": {"name": "see its page"},
                       "node": node_id, "input": name, "expect_class": node["class_type"]}  # fmt: skip


def _listed_in(value: str, inventory: ServerInventory) -> str:
    folders = [
        folder for folder, files in inventory.models.items() if any(basename(file.name) == basename(value) for file in files)
    ]
    return folders[0] if len(folders) == 1 else ""


def _keep_addresses(graph: dict[str, Any], workflow: Mapping[str, Any]) -> None:
    """Where the workflow's author says that its models come from, kept beside each node for the manifest."""
    levels = [workflow, *((workflow.get("definitions") or {}).get("subgraphs") or ())]
    told: dict[str, dict[str, str]] = {}
    for level in levels:
        for node in level.get("nodes") or ():
            for model in (node.get("properties") or {}).get("models") or ():
                if isinstance(model, Mapping) and str(model.get("url", "")).startswith("https://"):
                    told[basename(str(model.get("name", "")))] = {
                        "url": model["url"],
                        "directory": str(model.get("directory", "")),
                    }
    for node in graph.values():
        used = {basename(value) for value in node["inputs"].values() if isinstance(value, str)} & told.keys()
        if used:
            node["_meta"]["models"] = {name: told[name] for name in used}
