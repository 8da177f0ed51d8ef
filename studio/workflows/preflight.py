"""Comparison of a template's requirements with a server's inventory; reports everything that is missing before a job is queued.

Nothing is written, moved, downloaded or repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from media.messages.message import Message
from studio.comfyui.client.inventory import ModelFile, ServerInventory
from studio.comfyui.errors import SAY_WHERE
from studio.workflows.graph.api_graph import schema_problems
from studio.workflows.graph.conversion import file_places
from studio.workflows.manifest import Manifest, RequiredModel, RequiredNodes
from studio.workflows.model_folders import DiskFile, scan_roots
from studio.workflows.template import WorkflowTemplate

Folder = Mapping[str, Sequence[ModelFile]]
File = TypeVar("File", bound=ModelFile)
OnDisk = Mapping[str, Sequence[DiskFile]]


@dataclass(frozen=True)
class TemplateProblem:
    """A reason why a template cannot run.

    Attributes:
        why: the reason.
        step: the next step, with a download address if there is one.
    """

    kind: Literal["template", "server", "version", "node", "model"]
    subject: str
    why: Message
    step: Message | str = ""

    @property
    def sentence(self) -> str:
        """The reason, in the language of this request."""
        return str(self.why)

    @property
    def where(self) -> str:
        """The next step, in the language of this request."""
        return str(self.step)

    def as_dict(self) -> dict[str, str]:
        return {"kind": self.kind, "subject": self.subject, "sentence": self.sentence, "where": self.where}


Told = tuple[Message, Message | str]
"""What is wrong, and the next step."""

NO_SERVER = TemplateProblem("server", "ComfyUI", Message.of("comfyui.no-server"), SAY_WHERE)


@dataclass(frozen=True)
class FoundModel:
    """The state of one required model.

    Attributes:
        listed: the name for its loader, exactly as the server lists it; None if the server has no usable one.
        root: its folder, if known.
        size_bytes: of the file, if known.
    """

    model: RequiredModel
    listed: str | None = None
    root: str | None = None
    size_bytes: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "folder": self.model.folder, "name": self.model.name, "found": self.listed is not None, "listed": self.listed,
            "root": self.root, "size_bytes": self.size_bytes, "expected_bytes": self.model.size_bytes or None,
            "url": self.model.url,
        }  # fmt: skip


@dataclass(frozen=True)
class Validation:
    """All problems of a template on one server, and the file for each of its models."""

    problems: tuple[TemplateProblem, ...]
    models: tuple[FoundModel, ...]

    @property
    def ready(self) -> bool:
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return the validation in the form of the public API."""
        problems = [each.as_dict() for each in self.problems]
        return {"ready": self.ready, "problems": problems, "models": [each.as_dict() for each in self.models]}


def preflight(template: WorkflowTemplate, inventory: ServerInventory | None, roots: Iterable[Path] = ()) -> list[TemplateProblem]:
    """Return everything that is missing; empty if a job may be queued."""
    return list(validate(template, inventory, roots).problems)


def validate(
    template: WorkflowTemplate, inventory: ServerInventory | None, roots: Iterable[Path] = (), absent: TemplateProblem = NO_SERVER
) -> Validation:
    """Compare a template with a server and with folders on this machine.

    Args:
        inventory: None when there is no server to ask; then only the files and the roots are judged.
        roots: folders of models on this machine ("…/ComfyUI/models"), which explain what the server does not list and check the
            size of what it does.
        absent: why there is no inventory.
    """
    if not template.valid or template.manifest is None:
        own = tuple(
            TemplateProblem("template", template.id, Message.of("requirement.a-problem-of-its-files", problem=each), _MEND)
            for each in template.problems
        )
        return Validation(own, ())
    manifest = template.manifest
    on_disk = scan_roots(roots)
    if inventory is None:
        return Validation((absent,), tuple(_seen_on_disk(model, on_disk) for model in manifest.models))
    problems = _node_problems(manifest, inventory)
    if problems or schema_problems(template.graph, inventory.node_classes, file_places(template.graph)):
        # what the server says of its nodes counts, not its date: one that takes the whole graph is new enough
        problems = [*_version_problems(manifest, inventory), *problems]
    found = tuple(_find(model, inventory.models, on_disk, problems) for model in manifest.models)
    return Validation(tuple(problems), found)


def joined_problems(problems: Sequence[TemplateProblem]) -> tuple[Told, ...]:
    """Return the problems as messages with next steps; nodes from one source are one message."""
    told: dict[str, Told] = {}
    nodes: dict[str, list[str]] = {}
    for problem in problems:
        if problem.kind == "node":
            nodes.setdefault(problem.where, []).append(problem.subject)
        told.setdefault(problem.where if problem.kind == "node" else problem.sentence, (problem.why, problem.step))
    for where, names in nodes.items():
        if len(names) > 1:
            told[where] = (Message.of("requirement.no-nodes", nodes=names), told[where][1])
    return tuple(told.values())


def found_models(models: Iterable[RequiredModel], inventory: ServerInventory, roots: Iterable[Path] = ()) -> list[FoundModel]:
    """Return the state of model files on a server."""
    on_disk = scan_roots(roots)
    return [_find(model, inventory.models, on_disk, []) for model in models]


_MEND = Message.of("requirement.mend-files")
SMALLEST_SHARE = 0.99
"""A file with less of its bytes than this was cut off; the rest is room for a header that was written anew."""


def basename(name: str) -> str:
    """Return a model's name for comparison: without folders (of either kind of slash), in lower case."""
    return name.replace("\\", "/").rsplit("/", 1)[-1].casefold()


def _version_problems(manifest: Manifest, inventory: ServerInventory) -> list[TemplateProblem]:
    if inventory.version is None or _version(inventory.version) >= _version(manifest.min_comfyui):
        return []
    why = Message.of("requirement.too-old", version=inventory.version, needed=manifest.min_comfyui)
    return [TemplateProblem("version", "ComfyUI", why, Message.of("requirement.update-comfyui"))]


def _version(text: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", text)[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))


def _node_problems(manifest: Manifest, inventory: ServerInventory) -> list[TemplateProblem]:
    return [
        TemplateProblem(
            "node",
            name,
            Message.of("requirement.no-node", node=name, pack="" if pack.pack == "ComfyUI" else pack.pack),
            _get_nodes(pack, manifest, inventory.version),
        )
        for pack in manifest.nodes
        for name in pack.classes
        if name not in inventory.node_classes
    ]


def _get_nodes(pack: RequiredNodes, manifest: Manifest, running: str | None) -> Message:
    """Where a missing node is to be had. A server that is new enough lacks one of its own when a library is missing there."""
    if pack.pack == "ComfyUI":
        if running is not None and _version(running) >= _version(pack.since or manifest.min_comfyui):
            return Message.of("requirement.library-missing")
        return Message.of("requirement.get-newer-comfyui", version=pack.since or manifest.min_comfyui, url=pack.url)
    return Message.of("requirement.get-nodes", pack=pack.pack, url=pack.url)


def _find(model: RequiredModel, listed: Folder, on_disk: OnDisk, problems: list[TemplateProblem]) -> FoundModel:
    """The best file that the server lists for a model; what is wrong with the others becomes problems."""
    spoilt: list[FoundModel] = []
    for name in model.names:
        for file in _matches(name, model.folder, listed):
            twin = _twin(file, model.folder, on_disk)
            size = file.size_bytes if file.size_bytes is not None else (twin.size_bytes if twin else None)
            found = FoundModel(model, file.name, file.root or (twin.root if twin else None), size)
            if size == 0 or (size is not None and size < _least(model, name, twin)):
                spoilt.append(found)
                continue
            return found
    if not spoilt:
        problems.append(_missing(model, listed, on_disk))
        return FoundModel(model)
    problems.append(_spoilt(spoilt[0]))
    return replace(spoilt[0], listed=None)


def _least(model: RequiredModel, name: str, twin: DiskFile | None) -> float:
    """The bytes under which a file was cut off: by its own header where it lies on this machine, else by the manifest."""
    by_header = twin.whole_bytes if twin else None
    if by_header is not None:
        return by_header
    return SMALLEST_SHARE * model.size_bytes if name == model.name else 0


def _matches(name: str, folder: str, listed: Mapping[str, Sequence[File]]) -> list[File]:
    """Files of this name, the one that lies least deep first."""
    found = [file for file in listed.get(folder, ()) if basename(file.name) == basename(name)]
    return sorted(found, key=lambda file: (file.name.replace("\\", "/").count("/"), file.name))


def _twin(file: ModelFile, folder: str, on_disk: OnDisk) -> DiskFile | None:
    path = file.name.replace("\\", "/").casefold()
    return next((each for each in on_disk.get(folder, ()) if each.name.casefold() == path), None)


def _seen_on_disk(model: RequiredModel, on_disk: OnDisk) -> FoundModel:
    file = next((file for name in model.names for file in _matches(name, model.folder, on_disk) if file.whole), None)
    return FoundModel(model, file.name, file.root, file.size_bytes) if file else FoundModel(model)


def _spoilt(found: FoundModel) -> TemplateProblem:
    model, name = found.model, found.listed
    size = found.size_bytes
    if not size:
        why = Message.of("requirement.file-empty", file=name, folder=model.folder)
    elif model.size_bytes > size:
        why = Message.of("requirement.file-cut-off", file=name, folder=model.folder, size=size, whole=model.size_bytes)
    else:
        why = Message.of("requirement.file-damaged", file=name, folder=model.folder, size=size)
    return TemplateProblem("model", model.name, why, Message.of("requirement.fetch-again", url=model.url))


def _missing(model: RequiredModel, listed: Folder, on_disk: OnDisk) -> TemplateProblem:
    why = Message.of("requirement.model-missing", model=model.name, folder=model.folder)
    for folder, files in listed.items():
        if folder != model.folder and any(basename(file.name) == basename(model.name) for file in files):
            there = Message.of("requirement.in-other-folder", other=folder, folder=model.folder)
            return TemplateProblem("model", model.name, why, there)
    for name in model.names:
        for file in _matches(name, model.folder, on_disk):
            if file.whole:
                return TemplateProblem("model", model.name, why, Message.of("requirement.in-unread-root"))
    size = f"{model.size_bytes / 1e9:.1f} GB" if model.size_bytes else ""
    return TemplateProblem(
        "model", model.name, why, Message.of("requirement.get-model", size=size, url=model.url, folder=model.folder)
    )
