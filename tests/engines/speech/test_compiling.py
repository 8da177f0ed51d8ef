"""Whether models can be compiled is asked of the machine, not hoped for; what is missing is named."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engines.common.compiling import obstacle_to_compiling
from engines.common.torch_device import tune_convolutions
from engines.speech.f5.reference import LONGEST_TOTAL, RATE, prepare
from engines.speech.fish.engine import KEPT_REFERENCES, FishSpeech
from studio.environments.variables import environment_variables
from tests.repository.sources import ROOT

CLIP = ROOT / "assets" / "voices" / "LJ001-0008.wav"


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has everything: Triton, a compiler, and the headers of Python."""
    (tmp_path / "gcc").write_text("#!/bin/sh\n")
    (tmp_path / "gcc").chmod(0o755)
    (tmp_path / "Python.h").touch()
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    return tmp_path


def test_a_whole_machine_compiles(whole: Path) -> None:
    assert obstacle_to_compiling("cuda") == ""
    assert obstacle_to_compiling("cpu")


def test_each_thing_that_is_missing_is_named(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole / "Python.h").unlink()
    assert "Python.h" in obstacle_to_compiling("cuda")
    (whole / "gcc").unlink()
    assert "C compiler" in obstacle_to_compiling("cuda")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "Triton" in obstacle_to_compiling("cuda")


def test_convolutions_are_tuned_on_a_card_and_only_there(monkeypatch: pytest.MonkeyPatch) -> None:
    torch: Any = SimpleNamespace(backends=SimpleNamespace(cudnn=SimpleNamespace(benchmark=False)))
    monkeypatch.setitem(sys.modules, "torch", torch)
    for device, tuned in (("cpu", False), ("cuda", True)):
        tune_convolutions(device)
        assert torch.backends.cudnn.benchmark is tuned


def test_what_was_compiled_is_kept_with_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = environment_variables(tmp_path / "models")
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
        assert Path(variables[name]).is_relative_to(tmp_path / "models")
        monkeypatch.setenv(name, "/own/place")
        assert environment_variables(tmp_path / "models")[name] == "/own/place"


def test_fish_encodes_a_clip_once_and_again_when_its_transcript_is_corrected() -> None:
    engine: Any = FishSpeech.__new__(FishSpeech)
    engine._engine, engine._transcripts = SimpleNamespace(ref_by_hash={"a clip": "encoded"}), {}
    for said in ("one", "one"):
        engine._forget_another_transcript(b"clip", said)
    assert engine._engine.ref_by_hash, "the same clip with the same words is encoded once"
    engine._forget_another_transcript(b"clip", "two")
    assert not engine._engine.ref_by_hash
    engine._engine.ref_by_hash["a clip"] = "encoded"
    for number in range(KEPT_REFERENCES + 2):
        engine._forget_another_transcript(b"%d" % number, "words")
    assert not engine._engine.ref_by_hash, "it does not grow without end"


def test_clip_and_speech_of_f5_share_what_upstream_lets_them() -> None:
    """utils_infer.py: 22 seconds together, 50 ms of silence after the clip."""
    transcript = "has never been surpassed."
    reference = prepare(CLIP, transcript)
    speech = np.flatnonzero(np.abs(reference.samples) > 0)
    assert (len(reference.samples) - speech[-1]) / RATE == pytest.approx(0.05, abs=0.002)
    longest = reference.longest_text(1.0)
    seconds = (reference.frames + reference.frames_for("a" * longest, 1.0)) * 256 / RATE
    assert seconds == pytest.approx(LONGEST_TOTAL, abs=0.15) and LONGEST_TOTAL == 22
    assert reference.frames_for("a" * 10_000, 1.0) <= (LONGEST_TOTAL * RATE) // 256, "no text runs away"
