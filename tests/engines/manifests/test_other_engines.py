"""Speech, face, likeness and upscaling engines take the checkpoints that are published, and refuse one with another name in it;
and what the manifests say of a file agrees with what is known of it from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from engines.catalog import Catalog
from engines.contract import HubFile
from tests.engines.manifests.hollow import header_of
from tests.engines.manifests.manifest import read
from tests.engines.manifests.published import PUBLISHED, VIBEVOICE_COUNT, Published
from tests.engines.speech.torch_engines.conftest import model_python  # noqa: F401 - a fixture
from tests.engines.video.wan.conftest import in_models

SPEECH = (
    "f5-tts", "f5-vocos", "voxcpm2", "voxcpm2-vae", "kokoro-torch", "dia-1-of-2", "dia-2-of-2", "dia-dac", "vibevoice",
    "speecht5", "speecht5-hifigan", "mms-tts-eng", "wavlm-speaker",
)  # fmt: skip
FACES = tuple(one.manifest for one in PUBLISHED if one.engine in ("liveportrait", "musetalk", "real-esrgan"))
NAMES_THE_CULPRIT = ("are missing", "not whole")
ZIP_BYTES = (80, 480)
"""What a file of torch holds besides the numbers, a tensor: its name three times, its place, and up to 63 bytes of room."""


@pytest.fixture(scope="module")
def told(model_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, dict[str, str]]]:  # noqa: F811
    @cache
    def by(module: str) -> dict[str, dict[str, str]]:
        printed = in_models(model_python, f"tests.engines.manifests.{module}", tmp_path_factory.mktemp(module))
        return dict(json.loads(printed.splitlines()[-1]))

    return by


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("module", "name"), [*(("load_speech", name) for name in SPEECH), *(("load_faces", name) for name in FACES)]
)
def test_the_published_checkpoint_loads_and_no_other(
    told: Callable[[str], dict[str, dict[str, str]]], module: str, name: str
) -> None:
    found = told(module)[name]
    assert found["published"] == ""
    assert any(words in found["one name wrong"] for words in NAMES_THE_CULPRIT)


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.manifest)
def test_a_manifest_is_as_large_as_the_published_file(one: Published) -> None:
    """To the byte where the header of the file tells everything; within what an archive adds where it is one of torch."""
    manifest, size = read(one.manifest), _card_file(one).size_bytes
    if one.count:
        assert len(manifest.tensors) == one.count
    if not one.exact:
        assert 0.99 * size < manifest.size < 1.01 * size
    elif one.path.endswith(".safetensors"):
        header = header_of(manifest.tensors, {"format": "pt"} if one.metadata else None)
        assert 8 + len(header) + manifest.size == size
    elif one.more:
        assert manifest.size < size
    else:
        least, most = ZIP_BYTES
        assert least < (size - manifest.size) / len(manifest.tensors) < most


def test_vibevoice_has_as_many_tensors_as_others_found_and_fills_its_two_files() -> None:
    manifest = read("vibevoice")
    assert len(manifest.tensors) == VIBEVOICE_COUNT
    shards = [file for file in Catalog().get("vibevoice").card.hub_files if file.path.startswith("model-")]
    assert manifest.size == pytest.approx(sum(file.size_bytes for file in shards), rel=1e-4)


@pytest.mark.parametrize("name", sorted({one.manifest for one in PUBLISHED} | {"vibevoice"}))
def test_a_manifest_says_where_it_was_read(name: str) -> None:
    manifest = read(name)
    assert manifest.source and len({one.name for one in manifest.tensors}) == len(manifest.tensors) > 10


def _card_file(one: Published) -> HubFile:
    return next(file for file in Catalog().get(one.engine).card.hub_files if (file.repo, file.path) == (one.repo, one.path))
