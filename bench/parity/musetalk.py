"""MuseTalk's path through our code against upstream's own wrappers on the same random weights; nothing of upstream's is kept.

    python -m bench.parity.musetalk CHECKOUT                           differences in float32 and float64, in small
    python -m bench.parity.musetalk CHECKOUT --full                    and with seconds a frame, in the published sizes
    python -m bench.parity.musetalk CHECKOUT --record FILE.npz         upstream's outputs in small, for the tests

CHECKOUT is a copy of github.com/TMElyralab/MuseTalk. Run it with the Python of the shared model environment. Two things of
upstream's are put in another way: torchvision's Normalize is written out (the environment has no torchvision), and the codec's
distribution gives its mode instead of a random draw, which nothing could be compared with.

Pictures are compared as the codec's decoder gives them, about -1 to 1, before either side rounds them to 255 levels: a hook on
both decoders takes them there. Faces are encoded one at a time, as upstream does and our engine on a CPU; in a batch, as on a
GPU, convolutions add up in another order. What is left in float32 is set against the same work in float64: an error of the
code would stay there, one of rounding does not.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

from engines.faces.musetalk.networks.load import Folders, MuseTalkNetworks
from tests.engines.faces.torch_engines import recipe
from tests.engines.faces.torch_engines.musetalk_small import SECONDS, speech_states, write


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
        told = self.positions(tokens).to(self.unet.model.dtype)
        drawn = self.unet.model(latents.to(told.dtype), torch.tensor([0]), encoder_hidden_states=told).sample
        return self.codec.decode_latents(drawn)[..., ::-1].copy()

    def double(self) -> None:
        self.unet.model.double()
        self.codec.vae.double()


class _Taken:
    """Keeps what a part of a network gives, whoever asks it; used as a context manager."""

    def __init__(self, part: torch.nn.Module) -> None:
        self._given: list[torch.Tensor] = []
        self._hook = part.register_forward_hook(lambda module, given, made: self._given.append(made.detach()))

    def __enter__(self) -> _Taken:
        return self

    def __exit__(self, *problem: object) -> None:
        self._hook.remove()

    @property
    def all(self) -> np.ndarray:
        return torch.cat(self._given).numpy()


@dataclass(frozen=True)
class _Made:
    """What one side made.

    Args:
        encoded: of the codec's encoder, each face masked and whole. latents: as the UNet is given them. decoded: pictures of the
            codec's decoder, before they are rounded. levels: 0 to 255. seconds: of the processor, a picture, UNet and decoder.
    """

    encoded: np.ndarray
    latents: np.ndarray
    decoded: np.ndarray
    levels: np.ndarray
    seconds: float


def made_by(
    codec: Any, encode: Callable[[np.ndarray], Any], draw: Callable[[Any], np.ndarray], faces: np.ndarray,
    given: np.ndarray | None = None, batch: int = 1,
) -> _Made:  # fmt: skip
    """One side's work on faces, `batch` of them encoded at once; with `given` its pictures are drawn of those latents."""
    with _Taken(codec.quant_conv) as encoded, _Taken(codec.decoder) as decoded:
        latents = np.concatenate([np.asarray(encode(faces[at : at + batch])) for at in range(0, len(faces), batch)])
        begun = time.process_time()
        levels = draw(latents if given is None else given)
        seconds = (time.process_time() - begun) / len(levels)
        return _Made(encoded.all, latents, decoded.all, levels, seconds)


def upstream_made(upstream: Upstream, faces: np.ndarray, tokens: torch.Tensor, given: np.ndarray | None = None) -> _Made:
    return made_by(
        upstream.codec.vae, upstream.latents, lambda one: upstream.pictures(torch.from_numpy(one), tokens), faces, given
    )


def ours_made(
    ours: MuseTalkNetworks, faces: np.ndarray, tokens: torch.Tensor, given: np.ndarray | None = None, batch: int = 1
) -> _Made:
    return made_by(ours._codec, ours.latents, lambda one: ours.faces(one, tokens), faces, given, batch)


@torch.inference_mode()
def compared(checkout: Path, full: bool, target: Path | None) -> dict[str, Any]:
    side, count = (256, 2) if full else (64, recipe.FRAMES)
    faces = recipe.faces(side, count)
    with tempfile.TemporaryDirectory() as place:
        folders = write(Path(place) / "files", full)
        sound = Path(place) / "speech.wav"
        soundfile.write(sound, recipe.speech(SECONDS), 16_000, subtype="FLOAT")
        upstream = Upstream(checkout, folders, side)
        ours = MuseTalkNetworks.load(folders, "cpu")
        heard = {rate: upstream.tokens(sound, rate)[:12] for rate in (25, 30)}
        states = speech_states(ours)
        told = {f"tokens at {rate}": _far(states.tokens(range(12), Fraction(rate)), heard[rate]) for rate in (25, 30)}
        said = heard[25][:count]
        expected = upstream_made(upstream, faces, said)
        if target:
            record(target, expected, heard)
        made = ours_made(ours, faces, said)
        told |= _differences("float32", made, expected)
        told |= _differences("float32, a batch encoded at once", ours_made(ours, faces, said, batch=count), expected)
        told |= _controls(ours, made, said, expected)
        del ours
        upstream.double()
        exact = upstream_made(upstream, faces, said, expected.latents)
        del upstream
        ours = MuseTalkNetworks.load(folders, "cpu")
        for net in (ours._unet, ours._codec):
            net.double()
        made_exactly = ours_made(ours, faces, said, expected.latents)
        told |= _differences("float64", made_exactly, exact, levels=False)
        told |= _differences("rounding: float32 of upstream from its float64", expected, exact, levels=False)
    return {
        "largest differences": told, "pictures": count, "threads": torch.get_num_threads(),
        "processor seconds a frame": {"upstream": expected.seconds, "ours": made.seconds},
        "ratio": made.seconds / expected.seconds,
    }  # fmt: skip


def record(target: Path, made: _Made, heard: dict[int, torch.Tensor]) -> None:
    """Upstream's outputs for the tests; decoded pictures thinned out to every second place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {f"tokens {rate}": value.numpy() for rate, value in heard.items()}
    np.savez_compressed(target, latents=made.latents, levels=made.levels, decoded=made.decoded[..., ::2, ::2], **arrays)


def _differences(how: str, one: _Made, other: _Made, levels: bool = True) -> dict[str, float]:
    """Latents count as they leave the codec's encoder when faces were encoded one at a time, else as the UNet is given them."""
    alike = one.encoded.shape == other.encoded.shape and "batch" not in how
    found = {
        f"{how}: latents": _far(one.encoded, other.encoded) if alike else _far(one.latents, other.latents),
        f"{how}: pictures, -1 to 1": _far(one.decoded, other.decoded),
    }
    return found | ({f"{how}: picture levels": _far(one.levels, other.levels)} if levels else {})


def _controls(ours: MuseTalkNetworks, made: _Made, tokens: torch.Tensor, expected: _Made) -> dict[str, float]:
    """What must differ, in levels of 255."""
    given = {
        "without the sound": (made.latents, tokens * 0),
        "masked and whole face swapped": (np.roll(made.latents, 4, axis=1), tokens),
        "the sound of the next picture": (made.latents, torch.roll(tokens, 1, 0)),
    }
    found = {f"control: {name}": _far(ours.faces(*one), expected.levels) for name, one in given.items()}
    return found | {"control: from picture to picture": _far(made.levels[1:], made.levels[:-1])}


def _far(one: Any, other: Any) -> float:
    return float(np.abs(np.asarray(one, np.float64) - np.asarray(other, np.float64)).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    print(json.dumps(compared(given.checkout, given.full, given.record), indent=1))


if __name__ == "__main__":
    main()
