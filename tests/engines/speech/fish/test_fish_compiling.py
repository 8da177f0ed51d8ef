"""Fish Speech where compiling fails at the first call: it runs plain. What the package answers is played here."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engines.contract import EnginePaths
from engines.speech.fish import engine as fish
from tests.engines.contract_suite import TinyRun


class Answers:
    """An engine of the package, with what it will answer."""

    def __init__(self, *codes: str) -> None:
        self.llama_queue: queue.Queue[Any] = queue.Queue()
        self._codes = codes

    def inference(self, asked: Any) -> Iterator[Any]:
        return iter([SimpleNamespace(code=code) for code in self._codes])


def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: Answers) -> tuple[fish.FishSpeech, list[bool]]:
    monkeypatch.setattr(fish, "obstacle_to_compiling", lambda device: "")
    engine = fish.FishSpeech(EnginePaths(tmp_path, tmp_path), fish.FishSpeech.Options(), TinyRun())
    engine.device, engine._engine = "cuda", first
    loaded: list[bool] = []

    def load() -> None:
        loaded.append(engine._compiled())
        engine._engine = Answers("header", "segment", "final")

    monkeypatch.setattr(engine, "load_model", load)
    return engine, loaded


def test_an_error_of_the_first_call_is_answered_by_a_plain_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = Answers("header", "error")
    engine, loaded = made(monkeypatch, tmp_path, first)
    assert [one.code for one in engine._made(None)] == ["header", "header", "segment", "final"]
    assert loaded == [False] and first.llama_queue.get_nowait() is None, "the thread of the first is told to end"
    engine._engine = Answers("error")
    assert [one.code for one in engine._made(None)] == ["error"], "a plain model's error is its own"


def test_an_error_after_speech_is_no_failure_to_compile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine, loaded = made(monkeypatch, tmp_path, Answers("segment", "error"))
    assert [one.code for one in engine._made(None)] == ["segment", "error"] and not loaded
