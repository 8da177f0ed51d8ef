"""LivePortrait's networks against upstream's own code on the same random weights; nothing of upstream's is kept here.

    python -m bench.parity.liveportrait CHECKOUT [--frames 8]           differences and seconds a frame, full size
    python -m bench.parity.liveportrait CHECKOUT --record FILE.npz      upstream's outputs in small, for the tests

CHECKOUT is a copy of github.com/KwaiVGI/LivePortrait. Run it with the Python of the shared model environment.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.faces.liveportrait.networks.load import Files, Networks, Sizes
from tests.engines.faces.torch_engines import recipe
from tests.engines.faces.torch_engines.tiny import SIZES

PERCEPTRONS = {"stitching": "retarget_shoulder", "lip": "retarget_mouth", "eye": "retarget_eye"}


class Upstream:
    """Upstream's modules, built in the given sizes, with the recipe's weights."""

    def __init__(self, checkout: Path, sizes: Sizes) -> None:
        package = types.ModuleType("upstream")
        package.__path__ = [str(checkout / "src")]
        sys.modules["upstream"] = package
        module = self._module
        wide = sizes.generator_inputs // 4
        self.appearance = module("modules.appearance_feature_extractor").AppearanceFeatureExtractor(
            3, sizes.appearance_width, 2, 512, 32, 16, sizes.appearance_blocks
        )
        self.motion = module("modules.motion_extractor").MotionExtractor(num_kp=21, backbone="convnextv2_tiny")
        self.motion.detector = module("modules.convnextv2").ConvNeXtV2(
            depths=sizes.motion_blocks, dims=sizes.motion_channels, num_kp=21
        )
        dense = {
            "block_expansion": sizes.hourglass_width, "max_features": sizes.hourglass_most,
            "num_blocks": sizes.hourglass_blocks, "reshape_depth": 16, "compress": 4,
        }  # fmt: skip
        self.warping = module("modules.warping_network").WarpingNetwork(
            21, wide, 512, 2, 32, estimate_occlusion_map=True, dense_motion_params=dense
        )
        self.generator = module("modules.spade_generator").SPADEDecoder(
            upscale=2, max_features=512, block_expansion=wide, out_channels=sizes.generator_last, num_down_blocks=2
        )
        small = module("modules.stitching_retargeting_network").StitchingRetargetingNetwork
        self.perceptrons = {
            "stitching": small(126, [128, 128, 64], 65), "lip": small(65, [128, 128, 64], 63),
            "eye": small(66, [256, 256, 128, 128, 64], 63),
        }  # fmt: skip
        self.camera = module("utils.camera")
        for net in (self.appearance, self.motion, self.warping, self.generator, *self.perceptrons.values()):
            net.load_state_dict(recipe.weights(recipe.shapes_of(net)))
            net.eval()

    def _module(self, name: str) -> Any:
        return importlib.import_module(f"upstream.{name}")

    def save(self, folder: Path) -> Files:
        """The five files as they are published."""
        files = Files(*(folder / f"{name}.pth" for name in Files.__dataclass_fields__))
        for name in ("appearance", "motion", "warping", "generator"):
            torch.save(getattr(self, name).state_dict(), getattr(files, name))
        parts = {
            PERCEPTRONS[name]: {f"module.{key}": value for key, value in net.state_dict().items()}
            for name, net in self.perceptrons.items()
        }
        torch.save(parts, files.retargeting)
        return files

    def key_points(self, raw: dict[str, Tensor]) -> Tensor:
        """As in its live_portrait_wrapper.transform_keypoint."""
        pitch, yaw, roll = (self.camera.headpose_pred_to_degree(raw[name]) for name in ("pitch", "yaw", "roll"))
        turned = raw["kp"].view(-1, 21, 3) @ self.camera.get_rotation_matrix(pitch, yaw, roll)
        points = (turned + raw["exp"].view(-1, 21, 3)) * raw["scale"][..., None]
        points[:, :, :2] += raw["t"][:, None, :2]
        return points

    def retargeted(self, name: str, source: Tensor, more: Tensor) -> Tensor:
        return self.perceptrons[name](torch.cat((source.flatten(1), more.flatten(1)), dim=1))

    def stitched(self, source: Tensor, driving: Tensor) -> Tensor:
        change = self.retargeted("stitching", source, driving)
        moved = driving + change[:, :63].view(-1, 21, 3)
        moved[..., :2] += change[:, None, 63:]
        return moved


def outputs(upstream: Upstream, sizes: Sizes) -> dict[str, Tensor]:
    """Everything that is compared, by upstream's code."""
    pictures = torch.from_numpy(recipe.faces(sizes.side)).permute(0, 3, 1, 2).float() / 255
    source, driving = recipe.key_points()
    sources = source.expand(len(driving), -1, -1).contiguous()
    raw = upstream.motion(pictures)
    features = upstream.appearance(pictures[:1])
    warped = torch.cat([upstream.warping(features, one[None], source)["out"] for one in driving])
    return {
        **{f"motion {name}": value for name, value in raw.items()},
        "key points": upstream.key_points(raw), "features": features, "warped": warped,
        "pictures": torch.cat([upstream.generator(one[None]) for one in warped]),
        "stitched": upstream.stitched(sources, driving),
        "lips": upstream.retargeted("lip", sources, ratios(2)), "eyes": upstream.retargeted("eye", sources, ratios(3)),
    }  # fmt: skip


def ratios(count: int) -> Tensor:
    return torch.from_numpy(np.abs(recipe.numbers(f"ratios {count}", recipe.FRAMES, count)))


def record(checkout: Path, target: Path) -> None:
    """Large tensors are thinned out to every fourth place."""
    sizes = Sizes(**SIZES)
    with torch.inference_mode():
        found = outputs(Upstream(checkout, sizes), sizes)
    thin = {name: value[..., ::4, ::4] if name in ("features", "pictures") else value for name, value in found.items()}
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(target, **{name: value.contiguous().numpy() for name, value in thin.items()})


@torch.inference_mode()
def measure(checkout: Path, frames: int) -> dict[str, Any]:
    """Full size: the largest difference of every part, controls that must differ, and seconds a frame side by side."""
    upstream, sizes = Upstream(checkout, Sizes()), Sizes()
    with tempfile.TemporaryDirectory() as folder:
        ours = Networks.load(upstream.save(Path(folder)), "cpu")
    faces = recipe.faces(sizes.side, frames)
    pictures = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 255
    source, driving = recipe.key_points()
    raw = upstream.motion(pictures)
    features, own = upstream.appearance(pictures[:1]), ours.features(faces[:1])
    found = {
        "F": far(features, own), "M and key points": far(upstream.key_points(raw), ours.motion(faces).key_points()),
        "M raw": max(far(raw[name], value) for name, value in ours._motion(pictures).items()),
        "S": far(upstream.stitched(source.expand(8, -1, -1), driving), ours.stitched(source.expand(8, -1, -1), driving)),
    }  # fmt: skip
    times: dict[str, list[float]] = {"upstream": [], "ours": []}
    differences, changes, before = [], [], None
    for number in range(frames):
        one = driving[number % len(driving)][None]

        def theirs(one: Tensor = one) -> Tensor:
            return upstream.generator(upstream.warping(features, one, source)["out"])

        def own_way(one: Tensor = one) -> Tensor:
            return ours._generator(ours._warping(own, one, source))

        order: list[tuple[str, Callable[[], Tensor]]] = [("upstream", theirs), ("ours", own_way)]
        made = {}
        for name, run in order if number % 2 else reversed(order):
            begun = time.process_time()
            made[name] = run()
            times[name].append(time.process_time() - begun)
        differences.append(far(made["upstream"], made["ours"]))
        if before is not None:
            changes.append(far(before, made["upstream"]))
        before = made["upstream"]
    found |= {"F, W, G end to end": max(differences), "from frame to frame": min(changes, default=0.0)}
    assert before is not None
    found |= _controls(ours, own, one, source, before)
    seconds = {name: statistics.median(values) for name, values in times.items()}
    return {
        "largest differences": found, "processor seconds a frame": seconds, "ratio": seconds["ours"] / seconds["upstream"],
        "threads": torch.get_num_threads(),
    }  # fmt: skip


def _controls(ours: Networks, features: Tensor, driving: Tensor, source: Tensor, expected: Tensor) -> dict[str, float]:
    """What must differ: a weight of G by one percent, weights of W shaken, key points swapped."""
    found = {"control: key points swapped": far(ours._generator(ours._warping(features, source, driving)), expected)}
    weight = ours._generator.up_1.conv_1.weight
    weight.mul_(1.01)
    found["control: one layer of G by 1 %"] = far(ours._generator(ours._warping(features, driving, source)), expected)
    weight.div_(1.01)
    weight = ours._warping.dense_motion_network.mask.weight
    weight.add_(0.01 * torch.from_numpy(recipe.numbers("shaken", *weight.shape)))
    found["control: one layer of W shaken by 0.01"] = far(ours._generator(ours._warping(features, driving, source)), expected)
    return found


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--frames", type=int, default=recipe.FRAMES)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    if given.record:
        record(given.checkout, given.record)
    else:
        print(json.dumps(measure(given.checkout, given.frames), indent=1))


if __name__ == "__main__":
    main()
