"""LoRA files at work in a transformer: pairs run beside their layer, whole differences are added and can be taken off again.

Imported in the worker only. A pair changes a layer to W x + w (alpha / rank) up(down x), which is arXiv:2106.09685.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engines.common.loading import read_tensors
from engines.video.wan.lora import LoraFile

if TYPE_CHECKING:
    import torch


class LoraHooks:
    """The LoRA files that are in effect in the experts of one model, the high-noise one first."""

    def __init__(self, experts: Sequence[torch.nn.Module]) -> None:
        self._experts = list(experts)
        self._in_effect: tuple[LoraFile, ...] = ()
        self._handles: list[Any] = []
        self._originals: list[tuple[torch.Tensor, torch.Tensor]] = []

    def put(self, files: tuple[LoraFile, ...]) -> None:
        """Have these files in effect and no others.

        Raises:
            EngineError: a file is damaged; none is in effect then.
        """
        if files == self._in_effect:
            return
        self.clear()
        try:
            for file in files:
                tensors = dict(read_tensors(file.path))
                for expert in self._targets(file):
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
        """What is in effect, as a recipe keeps it."""
        return [
            {"file": file.wish.name, "weight": file.wish.weight, "target": file.wish.target, "modules": len(file.modules)}
            for file in self._in_effect
        ]

    def _targets(self, file: LoraFile) -> list[torch.nn.Module]:
        return {"high": self._experts[:1], "low": self._experts[1:], "both": self._experts}[file.wish.target]

    def _attach(self, expert: torch.nn.Module, file: LoraFile, tensors: Mapping[str, torch.Tensor]) -> None:
        for name, roles in file.modules.items():
            module: Any = expert.get_submodule(name)
            if "down" in roles:
                self._handles.append(module.register_forward_hook(_pair(module, roles, tensors, file.wish.weight)))
            for role, place in (("weight", module.weight), ("bias", getattr(module, "bias", None))):
                if role in roles and place is not None:
                    self._originals.append((place, place.data.clone()))
                    place.data.add_(tensors[roles[role]].to(place.device, place.dtype), alpha=file.wish.weight)


def _pair(module: Any, roles: Mapping[str, str], tensors: Mapping[str, torch.Tensor], weight: float) -> Any:
    down, up = (tensors[roles[role]].to(module.weight.device, module.weight.dtype) for role in ("down", "up"))
    rank = down.shape[0]
    alpha = float(tensors[roles["alpha"]]) if "alpha" in roles else float(rank)
    scale = weight * alpha / rank

    def beside(_: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        import torch.nn.functional as f

        value = inputs[0].to(down.dtype)
        return output + scale * f.linear(f.linear(value, down), up).to(output.dtype)

    return beside
