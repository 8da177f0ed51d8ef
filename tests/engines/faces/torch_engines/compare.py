"""Tells how far our networks are from what upstream's code gave on the same weights.

`python -m tests.engines.faces.torch_engines.compare` runs in the model environment; the recorded tensors are in
tests/data. Writes a JSON object: differences, and controls that
must differ.
"""

from __future__ import annotations

import json
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines.faces.liveportrait.networks.load import RETARGETING_PARTS, Files, Networks, Sizes, fuse_norms
from engines.faces.liveportrait.networks.retargeting import Retargeting
from tests.engines.faces.torch_engines import recipe
from tests.engines.faces.torch_engines.tiny import SIZES

DATA = Path(__file__).resolve().parents[3] / "data"
SPECTRAL = ("conv_0.weight", "conv_1.weight", "conv_s.weight")


def liveportrait_state(name: str, sizes: Sizes) -> dict[str, torch.Tensor]:
    """The recipe's weights in the published names: the generator's convolutions come with spectral normalisation."""
    shapes = recipe.shapes_of(getattr(sizes, name)())
    for key in [key for key in shapes if name == "generator" and key.endswith(SPECTRAL)]:
        shape = shapes.pop(key)
        shapes |= {f"{key}_orig": shape, f"{key}_u": shape[:1], f"{key}_v": (int(np.prod(shape[1:])),)}
    return recipe.weights(shapes)


def liveportrait_networks(sizes: Sizes) -> Networks:
    with tempfile.TemporaryDirectory() as folder:
        files = Files(*(Path(folder) / f"{name}.pth" for name in Files.__dataclass_fields__))
        for name in ("appearance", "motion", "warping", "generator"):
            torch.save(liveportrait_state(name, sizes), getattr(files, name))
        small = Retargeting()
        parts = {
            published: {
                f"module.{key}": value for key, value in recipe.weights(recipe.shapes_of(small.get_submodule(ours))).items()
            }
            for published, ours in RETARGETING_PARTS.items()
        }
        torch.save(parts, files.retargeting)
        return Networks.load(files, "cpu", sizes=sizes)


@torch.inference_mode()
def liveportrait() -> dict[str, float]:
    sizes = Sizes(**SIZES)
    networks = liveportrait_networks(sizes)
    with np.load(DATA / "liveportrait" / "upstream.npz") as kept:
        expected = {name: torch.from_numpy(kept[name]) for name in kept.files}
    faces = recipe.faces(sizes.side)
    source, driving = recipe.key_points()
    sources = source.expand(len(driving), -1, -1)
    features = networks.features(faces[:1])
    many = features.expand(len(driving), -1, -1, -1, -1)
    ratios = [np.abs(recipe.numbers(f"ratios {count}", recipe.FRAMES, count)) for count in (2, 3)]
    found: dict[str, torch.Tensor] = {
        "features": features[..., ::4, ::4],
        "key points": networks.motion(faces).key_points(),
        "warped": networks._warping(many, driving, sources),
        "stitched": networks.stitched(sources, driving),
        "lips": networks.lip_change(sources, ratios[0]).flatten(1),
        "eyes": networks.eye_change(sources, ratios[1]).flatten(1),
    }
    found["pictures"] = networks._generator(expected["warped"])[..., ::4, ::4]
    raw = networks._motion(torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 255)
    found |= {f"motion {name}": value for name, value in raw.items()}
    assert found.keys() == expected.keys()
    told = {name: _far(found[name], expected[name]) for name in expected}
    told["control: frames"] = _far(expected["pictures"][1:], expected["pictures"][:-1])
    told["control: key points swapped"] = _far(networks._warping(many, sources, driving), expected["warped"])
    networks._generator.up_1.conv_1.weight.mul_(1.05)
    told["control: G perturbed"] = _far(networks._generator(expected["warped"])[..., ::4, ::4], expected["pictures"])
    fuse_norms(networks._warping)
    told["warped, norms folded"] = _far(networks._warping(many, driving, sources), expected["warped"])
    told["closed lips, stitched"] = _off_closed_lips()
    networks._warping.dense_motion_network.mask.weight.mul_(1.05)
    told["control: W perturbed"] = _far(networks._warping(many, driving, sources), expected["warped"])
    return told


def _off_closed_lips() -> float:
    """Closed lips are added to what stitching gives, which is half of the way here."""
    from engines.faces.liveportrait.networks.source import render_batch
    from engines.faces.liveportrait.options import LivePortraitOptions

    class Halfway:
        def stitched(self, source: torch.Tensor, driving: torch.Tensor) -> torch.Tensor:
            return (source + driving) / 2

        def pictures(self, features: torch.Tensor, driving: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
            return driving

    source, driving, lips = torch.zeros(2, 21, 3), torch.ones(2, 21, 3), torch.full((1, 21, 3), 0.25)
    networks: Any = Halfway()
    made = render_batch(networks, LivePortraitOptions(flag_stitching=True), source, driving, source, lips)
    return _far(torch.as_tensor(made), torch.full_like(driving, 0.75))


@torch.inference_mode()
def musetalk() -> dict[str, float]:
    from tests.engines.faces.torch_engines.musetalk_small import networks_of_the_recipe, speech_states

    networks = networks_of_the_recipe()
    with np.load(DATA / "musetalk" / "upstream.npz") as kept:
        expected: dict[str, Any] = {name: kept[name] for name in kept.files}
    faces = recipe.faces(64)
    latents = np.concatenate([networks.latents(one[None]) for one in faces])  # one at a time, as upstream does
    states = speech_states(networks)
    tokens = {rate: states.tokens(range(12), Fraction(rate)) for rate in (25, 30)}
    said = tokens[25][: len(faces)]
    decoded: list[torch.Tensor] = []
    networks._codec.decoder.register_forward_hook(lambda module, given, made: decoded.append(made))
    levels = networks.faces(latents, said)
    told = {"latents": _off(latents, expected["latents"]), "picture levels": _off(levels, expected["levels"])}
    told["pictures, -1 to 1"] = _off(decoded[0].numpy()[..., ::2, ::2], expected["decoded"])
    told |= {f"tokens at {rate}": _off(value.numpy(), expected[f"tokens {rate}"]) for rate, value in tokens.items()}
    for rate, of_this, of_25 in ((50, range(0, 8, 2), range(4)), (Fraction(25, 2), range(4), range(0, 8, 2))):
        there = states.tokens(of_this, Fraction(rate)).numpy()
        told[f"tokens of the same moment at {float(rate):g}"] = _off(there, states.tokens(of_25, Fraction(25)).numpy())
    told["control: frames"] = _off(expected["levels"][1:], expected["levels"][:-1])
    told["control: latents swapped"] = _off(np.roll(latents, 4, axis=1), expected["latents"])
    told["control: without the sound"] = _off(networks.faces(latents, said * 0), expected["levels"])
    networks._unet.conv_out.weight.mul_(1.05)
    told["control: UNet perturbed"] = _off(networks.faces(latents, said), expected["levels"])
    return told


def _far(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max())


def _off(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.float32) - other.astype(np.float32)).max())


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"liveportrait": liveportrait(), "musetalk": musetalk()}))
