"""Runs in the model environment: `python -m tests.engines.upscaling.inside FOLDER`; prints what the tests look at, as JSON.

The networks against a plain walk through the published key names, tiles against whole pictures, and checkpoints of the published
shapes, whole and damaged. `write` makes a checkpoint for the tests of the studio.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional

from engines.contract.errors import EngineError
from engines.upscaling.real_esrgan.networks.architectures import NETWORKS, CompactNet, RRDBNet
from engines.upscaling.real_esrgan.networks.tiling import Enlarger, stored_tensors

State = dict[str, torch.Tensor]


def random_state(model: str, seed: int = 0) -> State:
    """Weights of the published shapes that keep a picture's look: their changes are small."""
    torch.manual_seed(seed)
    return {name: value.detach().clone() for name, value in NETWORKS[model]().state_dict().items()}


def write(model: str, path: Path) -> None:
    torch.save({"params": random_state(model)}, path)


def conv(state: State, name: str, values: torch.Tensor) -> torch.Tensor:
    return functional.conv2d(values, state[f"{name}.weight"], state[f"{name}.bias"], padding=1)


def leaky(values: torch.Tensor) -> torch.Tensor:
    return torch.where(values > 0, values, 0.2 * values)


def walked_rrdb(state: State, picture: torch.Tensor, blocks: int, fold: int) -> torch.Tensor:
    """RRDBNet written out by its keys, in nothing but convolutions, sums and repeats."""
    batch, colours, height, width = picture.shape
    cells = picture.reshape(batch, colours, height // fold, fold, width // fold, fold)
    folded = cells.permute(0, 1, 3, 5, 2, 4).reshape(batch, colours * fold * fold, height // fold, width // fold)
    first = conv(state, "conv_first", folded)
    seen = first
    for block in range(blocks):
        outer = seen
        for part in (1, 2, 3):
            inner = seen
            known = [seen]
            for number in (1, 2, 3, 4):
                known.append(leaky(conv(state, f"body.{block}.rdb{part}.conv{number}", torch.cat(known, 1))))
            seen = inner + 0.2 * conv(state, f"body.{block}.rdb{part}.conv5", torch.cat(known, 1))
        seen = outer + 0.2 * seen
    seen = first + conv(state, "conv_body", seen)
    for name in ("conv_up1", "conv_up2"):
        seen = leaky(conv(state, name, seen.repeat_interleave(2, 2).repeat_interleave(2, 3)))
    return conv(state, "conv_last", leaky(conv(state, "conv_hr", seen)))


def walked_compact(state: State, picture: torch.Tensor, layers: int) -> torch.Tensor:
    """The compact network by its keys; its unfolding written out."""
    seen = picture
    for number in range(layers + 1):
        seen = conv(state, f"body.{2 * number}", seen)
        slope = state[f"body.{2 * number + 1}.weight"].view(1, -1, 1, 1)
        seen = torch.where(seen > 0, seen, slope * seen)
    seen = conv(state, f"body.{2 * layers + 2}", seen)
    batch, _, height, width = seen.shape
    unfolded = seen.reshape(batch, 3, 4, 4, height, width).permute(0, 1, 4, 2, 5, 3).reshape(batch, 3, 4 * height, 4 * width)
    return unfolded + picture.repeat_interleave(4, 2).repeat_interleave(4, 3)


def parity() -> dict[str, Any]:
    """The largest difference between the networks and the walks, and the spread of what came out."""
    picture = torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(3)
    made: dict[str, Any] = {}
    for name, network, walk in (
        ("x4", RRDBNet(blocks=2), lambda state: walked_rrdb(state, picture, 2, 1)),
        ("x2", RRDBNet(scale=2, blocks=2), lambda state: walked_rrdb(state, picture, 2, 2)),
        ("compact", CompactNet(layers=5), lambda state: walked_compact(state, picture, 5)),
    ):
        with torch.inference_mode():
            ours, theirs = network(picture), walk(network.state_dict())
        made[name] = {"off": float((ours - theirs).abs().max()), "spread": float(theirs.std()), "shape": list(ours.shape)}
    return made


def tiles() -> dict[str, int]:
    """The largest difference, in levels of 255, between tiled and whole pictures, away from what lies beyond the overlap."""
    rows, columns = np.mgrid[0:70, 0:90]
    picture = np.stack([rows * 3, columns * 2, (rows * columns) % 255], -1).clip(0, 255).astype(np.uint8)
    torch.manual_seed(4)
    off: dict[str, int] = {}
    for name, network in (("x4", RRDBNet(blocks=0)), ("x2", RRDBNet(scale=2, blocks=0)), ("compact", CompactNet(layers=8))):
        enlarger = Enlarger(network.eval(), "cpu", torch.float32)
        given = picture[:69, :89] if name == "x2" else picture  # odd sides are completed where pixels are folded
        scale = network.scale
        whole = enlarger.enlarged(given, scale, 2048, lambda: None)
        assert whole.shape == (given.shape[0] * scale, given.shape[1] * scale, 3) and whole.std() > 1
        off[name] = int(np.abs(whole.astype(int) - enlarger.enlarged(given, scale, 32, lambda: None)).max())
    return off


def published() -> dict[str, Any]:
    """How many tensors and numbers each network has, and some of its names."""
    made = {}
    for name, make in NETWORKS.items():
        state = make().state_dict()
        made[name] = {
            "tensors": len(state),
            "numbers": sum(value.numel() for value in state.values()),
            "names": sorted(state)[:3],
        }
    return made


def refusals(folder: Path) -> dict[str, str]:
    """What is said of files that are not the chosen network's."""
    state = random_state("fast")

    def saved(name: str, value: Any) -> Path:
        torch.save(value, folder / name)
        return folder / name

    lacking = {name: value for name, value in state.items() if name != "body.4.weight"}
    (folder / "cut.pth").write_bytes(saved("whole.pth", {"params": state}).read_bytes()[:5000])
    cases: dict[str, Callable[[], Path]] = {
        "missing": lambda: saved("missing.pth", {"params": lacking}),
        "unknown": lambda: saved("unknown.pth", {"params": {**state, "more.weight": torch.zeros(1)}}),
        "shape": lambda: saved("shape.pth", {"params": {**state, "body.0.bias": torch.zeros(7)}}),
        "other": lambda: saved("other.pth", {"params_ema": random_state("drawing")}),
        "cut": lambda: folder / "cut.pth",
        "objects": lambda: saved("objects.pth", {"params": Path("anything")}),
        "list": lambda: saved("list.pth", [1, 2, 3]),
    }
    told = {}
    for name, make in cases.items():
        try:
            Enlarger.load("fast", make(), half=True)
            told[name] = "loaded"
        except EngineError as error:
            told[name] = f"{error.reason} {error.hint}"
    return told


def wrappers(folder: Path) -> bool:
    """Every way in which a checkpoint is published gives the same tensors."""
    state = random_state("drawing")
    ways = {"ema": {"params_ema": state, "params": {}}, "params": {"params": state}, "bare": state}
    paths = []
    for name, value in ways.items():
        torch.save(value, folder / f"{name}.pth")
        paths.append(folder / f"{name}.pth")
    save_file(state, folder / "plain.safetensors")
    save_file({f"params_ema.{name}": value for name, value in state.items()}, folder / "wrapped.safetensors")
    read = [dict(stored_tensors(path)) for path in (*paths, folder / "plain.safetensors", folder / "wrapped.safetensors")]
    return all(one.keys() == state.keys() and all(torch.equal(one[name], state[name]) for name in state) for one in read)


def main(folder: Path) -> dict[str, Any]:
    torch.set_num_threads(1)
    return {
        "parity": parity(), "tiles": tiles(), "published": published(), "refusals": refusals(folder),
        "wrappers": wrappers(folder),
    }  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 3:
        write(sys.argv[2], Path(sys.argv[1]))
    else:
        sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
