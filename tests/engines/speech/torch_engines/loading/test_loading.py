"""Weights go from disk to their place once, and a checkpoint of another model is refused in words."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.contract import EnginePaths
from engines.contract.errors import EngineError, EngineNotReady
from studio.settings import HOME, WorkerSettings
from studio.workers.pool import WorkerPool
from tests.engines import contract_suite as contract
from tests.engines.speech.torch_engines.loading.load_within import SIDE, TENSORS
from tests.engines.speech.torch_engines.remote import CATALOG, Remote

MIB = TENSORS * SIDE * SIDE * 4 >> 20
ALLOWED = MIB + 80
SETTINGS = WorkerSettings(start_seconds=300, heartbeat_seconds=60)


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A safetensors file of 160 MiB, written by hand: a header, then numbers."""
    path = tmp_path_factory.mktemp("large") / "model.safetensors"
    size = SIDE * SIDE * 4
    header = {
        f"part{number:02}": {"dtype": "F32", "shape": [SIDE, SIDE], "data_offsets": [number * size, (number + 1) * size]}
        for number in range(TENSORS)
    }
    packed = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(packed)) + packed)
        for number in range(TENSORS):
            file.write(np.full((SIDE, SIDE), number, "<f4").tobytes())
    return path


def load_within(python: Path, path: Path, way: str) -> list[str]:
    command = [str(python), "-m", "tests.engines.speech.torch_engines.loading.load_within", str(path), str(ALLOWED), way]
    variables = {**os.environ, "PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=HOME, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["once", "library"])
def test_a_file_larger_than_half_of_the_memory_is_loaded_without_a_second_copy(
    model_python: Path, large_file: Path, way: str
) -> None:
    assert MIB > ALLOWED / 2
    said, peak = load_within(model_python, large_file, way)
    assert said == "loaded" and MIB <= int(peak) < MIB + 80


@pytest.mark.slow
def test_the_same_file_held_twice_does_not_fit(model_python: Path, large_file: Path) -> None:
    assert load_within(model_python, large_file, "twice") == ["refused"]


@pytest.mark.slow
def test_a_worker_refuses_a_checkpoint_of_another_model_in_words(
    checkpoints: Path, model_site: EnginePaths, tmp_path: Path
) -> None:
    """VoxCPM2 is given weights of F5: tensors of other names, which its own library would ignore."""
    folder = tmp_path / "openbmb--VoxCPM2"
    shutil.copytree(checkpoints / folder.name, folder)
    shutil.copy(checkpoints / "SWivid--F5-TTS" / "F5TTS_v1_Base" / "model_1250000.safetensors", folder / "model.safetensors")
    host = WorkerPool(SETTINGS, replace(model_site, weights=(tmp_path,)), CATALOG, logs=tmp_path / "logs")
    try:
        remote = Remote.of(host, "voxcpm2", model_site)
        with pytest.raises(EngineError, match="not one of") as caught, remote.lease():
            pass
        contract.check_error(caught.value)
    finally:
        host.close()


@pytest.mark.slow
def test_every_engine_refuses_the_weights_of_another_model_and_half_a_file(
    model_python: Path, checkpoints: Path, tmp_path: Path
) -> None:
    shutil.copytree(checkpoints, tmp_path / "good")
    command = [
        str(model_python),
        "-m",
        "tests.engines.speech.torch_engines.loading.wrong_weights",
        str(tmp_path / "good"),
        str(tmp_path / "bad"),
    ]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=HOME, env={**os.environ, **offline}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert len(said) == 9
    for engine_id, refusals in said.items():
        assert set(refusals) == {"another model's", "cut off"}
        for reason, hint in refusals.values():
            assert not reason.startswith("!"), f"{engine_id}: {reason}"
            contract.check_error(EngineError("engine.told", reason=reason, hint=hint))
            assert "not one of" in reason or "damaged" in reason or "not whole" in reason
            assert "Delete these weights" in hint


def test_without_weights_an_engine_says_what_to_do_before_anything_is_started(model_site: EnginePaths, tmp_path: Path) -> None:
    host = WorkerPool(SETTINGS, replace(model_site, weights=(tmp_path,)), CATALOG, logs=tmp_path / "logs")
    try:
        with pytest.raises(EngineNotReady, match="missing") as caught, Remote.of(host, "f5-tts", model_site).lease():
            pass
        assert "Download" in caught.value.hint
    finally:
        host.close()


@pytest.mark.slow
def test_a_model_that_cannot_be_compiled_runs_plain_and_says_so(model_python: Path, checkpoints: Path) -> None:
    command = [str(model_python), "-m", "tests.engines.speech.torch_engines.loading.compile_fails", str(checkpoints)]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=HOME, env={**os.environ, **offline}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["calls"] == ["compiled"] and found["same"]
    loading, one_layer = found["drawn"]
    assert one_layer == 8 and loading < 2_000, "nothing is drawn at random for weights that are read from a file"
    assert any("runs plain" in note for note in found["notes"])
    assert all(found["tokens"]), "texts are tokenised as tokenizer.json says, with no space put before them"


@pytest.mark.slow
def test_dia_and_vibevoice_speak_the_same_compiled_and_run_plain_where_compiling_fails(
    model_python: Path, checkpoints: Path
) -> None:
    command = [str(model_python), "-m", "tests.engines.speech.torch_engines.loading.compile_generation", str(checkpoints)]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=HOME, env={**os.environ, **offline}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert set(said) == {"dia", "vibevoice"}
    for found in said.values():
        assert all(found["compiled"]["same"]) and all(found["broken"]["same"])
        assert 1 <= found["compiled"]["graphs"] <= 4, "compiled once for all texts, not for each step"
        assert [note.partition(" ")[0] for note in found["compiled"]["notes"]] == ["Compiling"]
        assert sum("runs plain" in note for note in found["broken"]["notes"]) == 1, "said once, and not tried again"


@pytest.mark.slow
def test_kokoro_reads_english_with_misaki_from_the_wheel_of_its_weights_and_says_where_it_cannot(
    model_python: Path, checkpoints: Path, tmp_path: Path
) -> None:
    """spaCy's own way of fetching a model is made an error there."""
    command = [
        str(model_python), "-m", "tests.engines.speech.torch_engines.loading.reads_english", str(checkpoints), str(tmp_path),
    ]  # fmt: skip
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=HOME, env={**os.environ, **offline}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    for name in ("missing", "another"):
        assert found[name]["notes"] and found[name]["spoken"] > 0.3
        assert found[name]["phonemes"] == found["missing"]["phonemes"], "a wheel of another hash is not unpacked"
    assert "eSpeak NG" in found["missing"]["readiness"] and found["missing"]["settled"] == "espeak"
    assert found["there"]["readiness"] == "Ready." and found["there"]["settled"] == "misaki"
    assert not found["there"]["notes"] and found["there"]["spoken"] > 0.3
    lives, concert = found["there"]["phonemes"]
    assert "lˈɪv" in lives and "lˈIv" in concert, "words that are written alike are told apart"
    assert concert.startswith("ɐ") and not found["missing"]["phonemes"][1].startswith("ɐ"), "as misaki's lexicon has it"
    assert not (tmp_path / "model" / "en_core_web_sm" / "__pycache__").exists(), "the wheel is read, not what it was made of"
