"""Loads published checkpoints by their manifests, in full size and without contents, the way the engines do.

`python -m tests.engines.manifests.load SCRATCH` prints what each loading said, as JSON, in the model environment: "" where it
loaded, and for each the refusal when one name is another.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engines.contract.errors import EngineError
from engines.transcription.whisper_transformers import engine as whisper
from engines.video.wan import loading
from tests.engines.manifests.configurations import CLIP, UMT5, WAN, WHISPER
from tests.engines.manifests.manifest import read

META = "meta"
WRONG = ("", "a.name.that.nobody.knows")
Load = Callable[[Path], Any]


def main(scratch: Path) -> dict[str, dict[str, str]]:
    import transformers

    transformers.logging.set_verbosity_error()
    told = {}
    for name, config in WAN.items():
        told[name] = both(scratch, name, config, lambda folder: loading.load_transformer(folder, META))
    told["wan-text-encoder"] = both(scratch, "wan-text-encoder", UMT5, lambda folder: loading.load_text_encoder(folder, META))
    told["wan-image-encoder"] = both(scratch, "wan-image-encoder", CLIP, lambda folder: loading.load_image_encoder(folder, META))
    for size, config in WHISPER.items():
        told[f"whisper-{size}"] = both(scratch, f"whisper-{size}", config, _whisper)
    return told


def both(scratch: Path, name: str, config: dict[str, Any], load: Load) -> dict[str, str]:
    """What is said of the checkpoint as it is published, and of one with another name in it."""
    manifest = read(name)
    folder = scratch / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "generation_config.json").write_text("{}")
    wrong = (manifest.tensors[len(manifest.tensors) // 2].name, WRONG[1])
    return {
        "published": _said(load, folder, manifest, ("", "")),
        "one name wrong": _said(load, folder, manifest, wrong),
    }


def _said(load: Load, folder: Path, manifest: Any, rename: tuple[str, str]) -> str:
    def tensors(*_: Any) -> Any:
        return manifest.empty(rename)

    loading._tensors = tensors
    whisper.read_tensors = tensors
    try:
        load(folder)
    except EngineError as error:
        return str(error)
    return ""


def _whisper(folder: Path) -> Any:
    """The engine's own steps; only the place is one that holds nothing."""
    import torch

    kept = torch.nn.Module.to_empty
    torch.nn.Module.to_empty = lambda module, *, device, recurse=True: module
    try:
        made = whisper.WhisperTransformers.__new__(whisper.WhisperTransformers)
        made.options = whisper.WhisperTransformersOptions(precision="float32")
        return made._model(folder)
    finally:
        torch.nn.Module.to_empty = kept


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]))) + "\n")
