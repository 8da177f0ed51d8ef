"""Fish Speech through its real package on a tiny random checkpoint, with the network cut."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.model_environments import environment_python

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def fish_python() -> Path:
    return environment_python("fish")


@pytest.mark.slow
def test_it_speaks_streams_repeats_itself_and_refuses_a_broken_checkpoint(fish_python: Path, tmp_path: Path) -> None:
    program = [str(fish_python), "-m", "tests.speech_fish.speak_tiny", str(tmp_path), str(ROOT / "assets")]
    quiet = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(program, cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rate"] == 44_100
    assert found["frames"] > 44_100 // 4
    assert 0 < found["peak"] <= 1
    assert found["same"], "the same seed gives the same sound"
    assert abs(found["streamed"] - found["frames"]) <= found["frames"] // 50
    assert "checkpoint cannot be loaded" in found["refusal"], "the package itself would wait for ever"
