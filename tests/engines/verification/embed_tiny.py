"""Writes a tiny random WavLM speaker model and compares sounds through the engine; holds the voice encoder against torch.

Runs in the environment "models": python -m tests.engines.verification.embed_tiny WEIGHTS_ROOT ASSETS
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np

from engines.common.weights import repo_folder_name
from engines.contract import EngineOptions, EnginePaths
from engines.verification.wavlm.engine import REPO, WavlmSpeaker
from media.audio.decode import decode_audio


class _Run:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def _no_network(*_: Any, **__: Any) -> None:
    raise AssertionError("the engine opened a connection")


def build(folder: Path) -> None:
    import torch
    from transformers import Wav2Vec2FeatureExtractor, WavLMConfig, WavLMForXVector

    torch.manual_seed(0)
    shape = WavLMConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, conv_dim=(16,) * 7,
        num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2, tdnn_dim=(32,) * 5, xvector_output_dim=32,
    )  # fmt: skip
    folder.mkdir(parents=True)
    model = WavLMForXVector(shape)
    model.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink(missing_ok=True)
    Wav2Vec2FeatureExtractor().save_pretrained(folder)


def main(root: Path, assets: Path) -> dict[str, Any]:
    build(root / repo_folder_name(REPO))
    socket.socket.connect = _no_network  # type: ignore[method-assign,assignment]
    site = EnginePaths(assets, root / "cache", (root,))
    engine = WavlmSpeaker(site, EngineOptions(), _Run())
    engine.load()
    clip = decode_audio(assets / "voices" / "LJ001-0001.wav")
    one, again = engine.embed(clip), engine.embed(clip)
    other = engine.embed(clip.slice(0, 3))
    return {
        "ready": WavlmSpeaker.readiness(site).ready, "shape": list(one.shape), "length": float(np.linalg.norm(one)),
        "same": float(one @ again), "other": float(one @ other),
    }  # fmt: skip


if __name__ == "__main__":
    from tests.engines.verification.voice_network_in_torch import compare

    weights, assets = map(Path, sys.argv[1:])
    sys.stdout.write("\n" + json.dumps({"wavlm": main(weights, assets), "voice encoder": compare(assets)}) + "\n")
