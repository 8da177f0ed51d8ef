"""Fish Speech through its real package on a tiny random checkpoint, with the network cut."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from engines.common.weights import repo_folder_name
from engines.contract import EnginePaths, SpeakingVoice, SpeechRequest
from engines.speech.fish.engine import REPO
from studio.settings import WorkerSettings
from studio.workers.pool import WorkerPool
from tests.engines.speech.torch_engines.cancelling import seconds_to_cancel
from tests.engines.speech.torch_engines.holdings import held_by_session
from tests.engines.speech.torch_engines.remote import CATALOG, Remote
from tests.model_environments import environment_python, model_environments

ROOT = Path(__file__).resolve().parents[4]
QUIET = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
FOLDER = repo_folder_name(REPO)


@pytest.fixture(scope="module")
def fish_python() -> Path:
    return environment_python("fish")


@pytest.mark.slow
def test_it_speaks_streams_repeats_itself_and_refuses_a_broken_checkpoint(fish_python: Path, tmp_path: Path) -> None:
    program = [str(fish_python), "-m", "tests.engines.speech.fish.speak_tiny", str(tmp_path), str(ROOT / "assets")]
    done = subprocess.run(program, cwd=ROOT, env=os.environ | QUIET, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rate"] == 44_100
    assert found["frames"] > 44_100 // 4
    assert 0 < found["peak"] <= 1
    assert found["same"], "the same seed gives the same sound"
    assert abs(found["streamed"] - found["frames"]) <= found["frames"] // 50
    assert "checkpoint cannot be loaded" in found["refusal"], "the package itself would wait for ever"


@pytest.mark.slow
def test_the_published_checkpoint_loads_and_no_other(fish_python: Path, tmp_path: Path) -> None:
    program = [str(fish_python), "-m", "tests.engines.speech.fish.published_fish", "load", str(tmp_path)]
    done = subprocess.run(program, cwd=ROOT, env=os.environ | QUIET, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for found in json.loads(done.stdout.splitlines()[-1]).values():
        assert found["published"] == ""
        assert "are missing" in found["one name wrong"] or "not fit" in found["one name wrong"]


@pytest.mark.realtime
@pytest.mark.slow
def test_in_a_worker_a_cancel_ends_it_and_unloading_gives_everything_back(fish_python: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    program = (
        f"from pathlib import Path; from tests.engines.speech.fish.tiny_fish import build; build(Path({str(weights / FOLDER)!r}))"
    )
    built = subprocess.run([str(fish_python), "-c", program], cwd=ROOT, env=os.environ | QUIET, capture_output=True, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    site = EnginePaths(ROOT / "assets", tmp_path / "cache", (weights,), model_environments())
    host = WorkerPool(WorkerSettings(start_seconds=300, heartbeat_seconds=60), site, CATALOG, logs=tmp_path / "logs")
    voice = SpeakingVoice(reference=ROOT / "assets" / "voices" / "LJ001-0008.wav", transcript="has never been surpassed.")
    request = SpeechRequest("Hello world, and hello again to all of you. " * 3, voice)
    remote = Remote.of(host, "fish-speech", site)
    try:
        assert seconds_to_cancel(remote, lambda: any("Loading" in note for _, note in remote.progress), request) < 2
        small = Remote.of(host, "fish-speech", site, max_new_tokens=24)
        small.synthesize(request)
        begun = time.monotonic()
        assert seconds_to_cancel(remote, lambda: time.monotonic() - begun > 0.5, request) < 2
        small.synthesize(request)
        pid = next(worker.pid for worker in host.snapshot())
        held = held_by_session(pid)
        assert host.unload("fish-speech").workers == 1
        assert held > 2**27 and (held - held_by_session(pid)) / held >= 0.99
    finally:
        host.close()
