"""LoRA files applied to a transformer: low-rank pairs run beside their layer; full differences are added and can be removed.

Imported in the worker only. A pair changes a layer to W x + w (alpha / rank) up(down x), see arXiv:2106.09685.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from engines.common.loading import read_tensors
from engines.video.wan.lora import LoraFile
from engines.video.wan.lora_names import TABLE

if TYPE_CHECKING:
    import torch


T = TypeVar("T")


class LoraHooks:
    """The LoRA files that are applied to the experts of one model, high-noise first."""

    def __init__(self, experts: Sequence[torch.nn.Module]) -> None:
        self._experts = list(experts)
        self._in_effect: tuple[LoraFile, ...] = ()
        self._handles: list[Any] = []
        self._originals: list[tuple[torch.Tensor, torch.Tensor]] = []

    def put(self, files: tuple[LoraFile, ...]) -> None:
        """Apply exactly these files.

        Raises:
            EngineError: a file is damaged; then none is applied.
        """
        if files == self._in_effect:
            return
        self.clear()
        try:
            for file in files:
                tensors = dict(read_tensors(file.path))
                for expert in targets(self._experts, file):
                    self._attach(expert, file, tensors)
        except BaseException:
            self.clear()
            raise
        self._in_effect = files

    def clear(self) -> None:
        for handle in self._handles:
            handle.remove()
        for place, original in reversed(self._originals):
            place.data.copy_(original)
        self._handles, self._originals, self._in_effect = [], [], ()

    def report(self) -> list[dict[str, Any]]:
        """Return the applied files, in the form of a recipe."""
        return [reported(file) for file in self._in_effect]

    def _attach(self, expert: torch.nn.Module, file: LoraFile, tensors: Mapping[str, torch.Tensor]) -> None:
        for name, roles in file.modules.items():
            if name.endswith(TABLE):
                self._add(expert.get_parameter(name), tensors[roles["table"]], file.wish.weight)
                continue
            module: Any = expert.get_submodule(name)
            if "down" in roles:
                self._handles.append(module.register_forward_hook(_pair(module, roles, tensors, file.wish.weight)))
            for role, place in (("weight", module.weight), ("bias", getattr(module, "bias", None))):
                if role in roles and place is not None:
                    self._add(place, tensors[roles[role]], file.wish.weight)

    def _add(self, place: torch.Tensor, difference: torch.Tensor, weight: float) -> None:
        self._originals.append((place, place.data.clone()))
        if place.dtype.itemsize > 1:
            place.data.add_(difference.to(place.device, place.dtype), alpha=weight)
        else:
            _sum(place, difference, weight)  # float8 cannot be added to


def targets(experts: Sequence[T], file: LoraFile) -> Sequence[T]:
    """Return the experts that a file applies to; the first is the high-noise one."""
    return {"high": experts[:1], "low": experts[1:], "both": experts}[file.wish.target]


def reported(file: LoraFile) -> dict[str, Any]:
    """Return a file in the form of a recipe."""
    facts: dict[str, Any] = {
        "file": file.wish.name, "weight": file.wish.weight, "target": file.wish.target, "modules": len(file.modules),
    }  # fmt: skip
    return {**facts, "left_out": file.left_out} if file.left_out else facts


def _pair(module: Any, roles: Mapping[str, str], tensors: Mapping[str, torch.Tensor], weight: float) -> Any:
    """Add a low-rank pair to a layer; its matrices follow the device of the layer's input, which offloading changes at run
    time.
    """
    import torch

    kind = module.weight.dtype if module.weight.dtype.itemsize > 1 else torch.bfloat16
    matrices = [tensors[roles[role]].to(kind) for role in ("down", "up")]
    scale = weight * _scale(roles, tensors)

    def beside(_: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        import torch.nn.functional as f

        for number, matrix in enumerate(matrices):
            if matrix.device != inputs[0].device:
                matrices[number] = matrix.to(inputs[0].device, non_blocking=True)
        down, up = matrices
        return output + scale * f.linear(f.linear(inputs[0].to(down.dtype), down), up).to(output.dtype)

    return beside


def _scale(roles: Mapping[str, str], tensors: Mapping[str, torch.Tensor]) -> float:
    rank = tensors[roles["down"]].shape[0]
    return float(tensors[roles["alpha"]]) / rank if "alpha" in roles else 1.0


def merge(expert: torch.nn.Module, file: LoraFile, tensors: Mapping[str, torch.Tensor]) -> None:
    """Merge a file into the weights until they are unloaded, so that no layer computes a pair.

    Sums are computed in float32 and rounded once to the type of the weights.
    """
    for name, roles in file.modules.items():
        if name.endswith(TABLE):
            _sum(expert.get_parameter(name), tensors[roles["table"]], file.wish.weight)
            continue
        module: Any = expert.get_submodule(name)
        if "down" in roles:
            place = module.weight.device
            down, up = (tensors[roles[role]].to(place).float() for role in ("down", "up"))
            _sum(module.weight, up @ down, file.wish.weight * _scale(roles, tensors))
        for role, place in (("weight", module.weight), ("bias", getattr(module, "bias", None))):
            if role in roles and place is not None:
                _sum(place, tensors[roles[role]], file.wish.weight)


def _sum(place: torch.Tensor, difference: torch.Tensor, weight: float) -> None:
    place.data.copy_(place.data.float() + weight * difference.to(place.device).float())
