"""MuseTalk's path through our code against upstream's own wrappers on the same random weights; nothing of upstream's is kept.

    python -m bench.musetalk_parity CHECKOUT --full                    differences and seconds a frame, in the published sizes
    python -m bench.musetalk_parity CHECKOUT --record FILE.npz         upstream's outputs in small, for the tests

CHECKOUT is a copy of github.com/TMElyralab/MuseTalk. Run it with the Python of the shared model environment. Two things of
upstream's are put in another way: torchvision's Normalize is written out (the environment has no torchvision), and the codec's
distribution gives its mode instead of a random draw, which nothing could be compared with.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import time
import types
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

from engines.faces.musetalk_nets.networks import Folders, MuseTalkNetworks
from tests.faces_models import recipe
from tests.faces_models.musetalk_small import SECONDS, speech_states, write


class _Normalize:
    def __init__(self, mean: list[float], std: list[float]) -> None:
        self._mean, self._std = (torch.tensor(values)[:, None, None] for values in (mean, std))

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        return (picture - self._mean) / self._std


class Upstream:
    """Upstream's UNet, VAE and audio wrappers on the files of `folders`."""

    def __init__(self, checkout: Path, folders: Folders, side: int) -> None:
        sys.path.insert(0, str(checkout))
        transforms = types.ModuleType("torchvision.transforms")
        transforms.Normalize = _Normalize  # type: ignore[attr-defined]
        torchvision = types.ModuleType("torchvision")
        torchvision.transforms = transforms  # type: ignore[attr-defined]
        sys.modules |= {"torchvision": torchvision, "torchvision.transforms": transforms}
        DiagonalGaussianDistribution.sample = lambda self, generator=None: self.mode()
        unet = importlib.import_module("musetalk.models.unet")
        self.unet = unet.UNet(str(folders.unet / "musetalk.json"), str(folders.unet / "unet.pth"), device="cpu")
        self.unet.model.eval()
        self.width = self.unet.model.config.cross_attention_dim
        self.positions = unet.PositionalEncoding(d_model=self.width)
        self.codec = importlib.import_module("musetalk.models.vae").VAE(str(folders.codec), resized_img=side)
        self.codec.vae.eval()
        self._audio = importlib.import_module("musetalk.utils.audio_processor").AudioProcessor(str(folders.whisper))
        from transformers import WhisperModel

        self.whisper = WhisperModel.from_pretrained(folders.whisper).eval()

    def tokens(self, sound: Path, fps: int) -> torch.Tensor:
        heard, length = self._audio.get_audio_feature(str(sound))
        return self._audio.get_whisper_chunk(heard, "cpu", torch.float32, self.whisper, length, fps=fps)

    def latents(self, faces: np.ndarray) -> torch.Tensor:
        return torch.cat([self.codec.get_latents_for_unet(face[..., ::-1]) for face in faces])

    def pictures(self, latents: torch.Tensor, tokens: torch.Tensor) -> np.ndarray:
        drawn = self.unet.model(latents, torch.tensor([0]), encoder_hidden_states=self.positions(tokens)).sample
        return self.codec.decode_latents(drawn)[..., ::-1].copy()


@torch.inference_mode()
def compared(checkout: Path, full: bool, target: Path | None) -> dict[str, Any]:
    side, count = (256, 2) if full else (64, 4)
    with tempfile.TemporaryDirectory() as place:
        folders = write(Path(place) / "files", full)
        sound = Path(place) / "speech.wav"
        soundfile.write(sound, recipe.speech(SECONDS), 16_000, subtype="FLOAT")
        upstream = Upstream(checkout, folders, side)
        ours = MuseTalkNetworks.load(folders, "cpu")
        faces = recipe.faces(side, count)
        expected: dict[str, Any] = {"latents": upstream.latents(faces)}
        for rate in (25, 30):
            expected[f"tokens {rate}"] = upstream.tokens(sound, rate)[:12]
        begun = time.process_time()
        expected["pictures"] = upstream.pictures(expected["latents"], expected["tokens 25"][:count])
        their_seconds = time.process_time() - begun
        states = speech_states(ours)
        latents = ours.latents(faces)
        tokens = {rate: states.tokens(range(12), Fraction(rate)) for rate in (25, 30)}
        begun = time.process_time()
        pictures = ours.faces(latents, tokens[25][:count])
        our_seconds = time.process_time() - begun
        if target:
            target.parent.mkdir(parents=True, exist_ok=True)
            arrays: dict[str, Any] = {name: np.asarray(value) for name, value in expected.items()}
            np.savez_compressed(target, **arrays)
        differences = {"latents": _far(latents, expected["latents"]), "picture levels": _far(pictures, expected["pictures"])}
        differences |= {f"tokens at {rate}": _far(value, expected[f"tokens {rate}"]) for rate, value in tokens.items()}
        differences["control: from frame to frame"] = _far(pictures[1:], pictures[:-1])
        differences["control: without the sound"] = _far(ours.faces(latents, tokens[25][:count] * 0), expected["pictures"])
        swapped = np.roll(latents, 4, axis=1)
        differences["control: latents swapped"] = _far(ours.faces(swapped, tokens[25][:count]), expected["pictures"])
    return {
        "largest differences": differences, "pictures": count, "threads": torch.get_num_threads(),
        "processor seconds a frame": {"upstream": their_seconds / count, "ours": our_seconds / count},
    }  # fmt: skip


def _far(one: Any, other: Any) -> float:
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    print(json.dumps(compared(given.checkout, given.full, given.record), indent=1))


if __name__ == "__main__":
    main()
