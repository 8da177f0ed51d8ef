"""Engines take the checkpoints that are published, name by name and in full size, and refuse one with another name."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from engines.video.wan import models
from engines.video.wan.lora import LoraRequest, inspect_lora
from engines.video.wan.lora_names import TABLE, weights_of
from tests.engines.manifests.configurations import WAN, WHISPER
from tests.engines.manifests.manifest import Manifest, read
from tests.engines.manifests.write import RENAMED
from tests.engines.speech.torch_engines.conftest import environments, model_python  # noqa: F401 - fixtures
from tests.engines.video.wan.conftest import in_models

LOADED = (*WAN, "wan-text-encoder", "wan-image-encoder", *(f"whisper-{size}" for size in WHISPER))


@pytest.fixture(scope="module")
def told(model_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:  # noqa: F811
    printed = in_models(model_python, "tests.engines.manifests.load", tmp_path_factory.mktemp("manifests"))
    return dict(json.loads(printed.splitlines()[-1]))


@pytest.mark.slow
@pytest.mark.parametrize("name", LOADED)
def test_the_published_checkpoint_loads_and_no_other(told: dict[str, dict[str, str]], name: str) -> None:
    assert told[name]["published"] == ""
    assert "a.name.that.nobody.knows" in told[name]["one name wrong"]


@pytest.mark.parametrize("name", LOADED)
def test_a_manifest_says_where_it_was_read(name: str) -> None:
    manifest = read(name)
    assert manifest.source and len({one.name for one in manifest.tensors}) == len(manifest.tensors) > 40


@pytest.mark.parametrize("name", WAN)
def test_what_a_lora_may_change_is_in_the_published_transformer(name: str) -> None:
    published = {one.name: one.shape for one in read(name).tensors}
    named = {module if module.endswith(TABLE) else f"{module}.weight": shape for module, shape in weights_of(WAN[name]).items()}
    assert named.items() <= published.items()


@pytest.mark.parametrize(
    ("name", "file", "image_parts"),
    [
        ("wan21-t2v-14b", models.T2V_14B.distilled.loras[0], False),  # type: ignore[union-attr]
        ("wan21-i2v-14b", models.I2V_14B.distilled.loras[0], True),  # type: ignore[union-attr]
        ("wan22-i2v-a14b", models.I2V_A14B.distilled.loras[1], True),  # type: ignore[union-attr]
    ],
    ids=lambda value: getattr(value, "file", str(value)),
)
def test_the_distilled_file_of_a_preset_fits_its_model(
    name: str, file: models.DistilledLora, image_parts: bool, tmp_path: Path
) -> None:
    """A header as LightX2V's extractor (tools/extract/lora_extractor.py) writes it for this model, in full size: pairs of rank 64
    for what has a million numbers and more, whole differences for the rest. The contents are a hole in the file."""
    experts = [weights_of(WAN[name])] * (2 if file.target != "both" else 1)
    source = read("wan21-i2v-14b" if image_parts else name)
    path = header_only(tmp_path / file.file, extracted(source_names(source)))
    found = inspect_lora(LoraRequest(file.file, 1.0, file.target), path, experts)
    assert len(found.modules) > 400
    assert (found.left_out > 0) == (image_parts and WAN[name]["image_dim"] is None)


def source_names(manifest: Manifest) -> dict[str, tuple[int, ...]]:
    """The published transformer in upstream's own names, but for the modulation."""
    found: dict[str, tuple[int, ...]] = {}
    for one in manifest.tensors:
        if "norm_added_q" in one.name:  # diffusers' own
            continue
        name = f".{one.name}."
        for theirs, ours in RENAMED:
            if f".{ours}." in name and ours != TABLE and not (theirs == "norm3" and "image_embedder" in name):
                name = name.replace(f".{ours}.", f".{theirs}.")
                break
        found[name[1:-1]] = one.shape
    return found


def extracted(weights: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    made: dict[str, tuple[int, ...]] = {}
    for name, shape in weights.items():
        base, _, part = name.rpartition(".")
        prefix = f"diffusion_model.{base}"
        if part == TABLE:
            made[f"{prefix}.diff_m" if base else "diffusion_model.head.diff_m"] = shape
        elif part == "bias":
            made[f"{prefix}.diff_b"] = shape
        elif len(shape) == 2 and shape[0] * shape[1] >= 1_000_000:
            made[f"{prefix}.lora_down.weight"], made[f"{prefix}.lora_up.weight"] = (64, shape[1]), (shape[0], 64)
        else:
            made[f"{prefix}.diff"] = shape
    return made


def header_only(path: Path, shapes: dict[str, tuple[int, ...]]) -> Path:
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 2
        for side in shape:
            size *= side
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)
    return path
