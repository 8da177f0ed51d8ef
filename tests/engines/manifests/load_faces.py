"""Loads the published checkpoints of the face and upscaling engines, in full size and without contents.

`python -m tests.engines.manifests.load_faces SCRATCH`: as tests.engines.manifests.load_speech, by the networks' own `load`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from engines.contract.errors import EngineError
from engines.faces.liveportrait.networks.load import Files, Networks
from engines.faces.musetalk.networks.load import Folders, MuseTalkNetworks
from engines.upscaling.real_esrgan.networks.tiling import Enlarger
from tests.engines.manifests.configurations import WHISPER
from tests.engines.manifests.configurations_faces import SD_VAE, UNET
from tests.engines.manifests.hollow import write_safetensors, write_torch
from tests.engines.manifests.load import META
from tests.engines.manifests.load_speech import wrong
from tests.engines.manifests.manifest import Manifest, read

FEATURES = {"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 80, "sampling_rate": 16_000}


def main(scratch: Path) -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = {}
    for number, (files, load) in enumerate(CHECKPOINTS):
        root = scratch / str(number)
        root.mkdir(parents=True)
        for name, path in files.items():
            _write(root / path, read(name))
        published = _said(load, root)
        for name, path in files.items():
            _write(root / path, wrong(read(name)))
            told[name] = {"published": published, "one name wrong": _said(load, root)}
            _write(root / path, read(name))
    return told


def _said(load: Callable[[Path], object], root: Path) -> str:
    try:
        load(root)
    except EngineError as error:
        return f"{error.reason} {error.hint}"
    return ""


def _write(path: Path, manifest: Manifest) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        write_safetensors(path, manifest, {"format": "pt"})
    else:
        write_torch(path, manifest)


def _liveportrait(root: Path) -> object:
    return Networks.load(Files(**{name: root / f"{name}.pth" for name in LIVEPORTRAIT.values()}), META, half=True)


def _musetalk(root: Path) -> object:
    (root / "unet" / "musetalk.json").write_text(json.dumps(UNET), "utf-8")
    (root / "codec" / "config.json").write_text(json.dumps({"_class_name": "AutoencoderKL", **SD_VAE}), "utf-8")
    (root / "whisper" / "config.json").write_text(json.dumps(WHISPER["tiny"] | {"model_type": "whisper"}), "utf-8")
    (root / "whisper" / "preprocessor_config.json").write_text(json.dumps(FEATURES), "utf-8")
    return MuseTalkNetworks.load(Folders(root / "unet", root / "codec", root / "whisper"), META, half=True)


def _enlarger(model: str) -> Callable[[Path], object]:
    return lambda root: Enlarger.load(model, root / "network.pth", half=True)


LIVEPORTRAIT = {
    "appearance-feature-extractor": "appearance", "motion-extractor": "motion", "warping-module": "warping",
    "spade-generator": "generator", "stitching-retargeting-module": "retargeting",
}  # fmt: skip
REAL_ESRGAN = {"x4plus": "photo", "x2plus": "photo-2x", "x4plus-anime-6b": "drawing", "general-x4v3": "fast"}
CHECKPOINTS: tuple[tuple[Mapping[str, str], Callable[[Path], object]], ...] = (
    ({f"liveportrait-{name}": f"{own}.pth" for name, own in LIVEPORTRAIT.items()}, _liveportrait),
    (
        {
            "musetalk-unet": "unet/unet.pth",
            "musetalk-vae": "codec/diffusion_pytorch_model.safetensors",
            "whisper-tiny": "whisper/model.safetensors",
        },
        _musetalk,
    ),
    *(({f"real-esrgan-{name}": "network.pth"}, _enlarger(model)) for name, model in REAL_ESRGAN.items()),
)

if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]))) + "\n")
