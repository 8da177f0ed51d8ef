"""Every recogniser, each in its own worker and through its own library, on real speech."""

from __future__ import annotations

import json
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import jiwer
import pytest

from engines.contract import Engine, EnginePaths
from engines.transcription.common import whisper_weights
from engines.transcription.common.hallucination import LOOP, UNCERTAIN, GuardedSegment, filter_hallucinations
from engines.transcription.common.whisper_weights import FASTER, OPENAI
from engines.transcription.faster_whisper import engine as faster_whisper
from engines.transcription.faster_whisper.engine import FasterWhisper, FasterWhisperOptions
from engines.transcription.pocketsphinx.engine import Pocketsphinx
from engines.transcription.whisper_transformers.engine import WhisperTransformers
from media.audio.audio import Audio, concatenate, silence
from media.errors import Cancelled
from studio.errors import EngineError, EngineNotReady
from studio.workers.pool import WorkerPool
from tests.engines import contract_suite as contract
from tests.engines.speech.torch_engines.holdings import held_by_session
from tests.engines.transcription import whisper_script
from tests.engines.video.wan.conftest import in_models
from tests.model_environments import check_it_has_no_network, environment_python

LISTENERS: tuple[type[Engine], ...] = (Pocketsphinx, FasterWhisper, WhisperTransformers)


@pytest.mark.parametrize("engine", LISTENERS, ids=lambda engine: engine.card.id)
def test_it_keeps_the_contract(
    engine: type[Engine], host: WorkerPool, listening_site: EnginePaths, spoken: Audio, request: pytest.FixtureRequest
) -> None:
    if engine is Pocketsphinx:
        pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    if engine.card.environment != "studio":
        request.getfixturevalue("hf_weights")
    with host.lease(engine, engine.settled(listening_site, engine.Options())) as listener:
        contract.check_listening(listener, engine.card, spoken)
        if engine is not Pocketsphinx:
            assert listener.transcribe(spoken, "auto") == listener.transcribe(spoken, "en")
            assert listener.transcribe(spoken, "en").text == whisper_script.SAID, "what these weights are made to say"


@pytest.mark.parametrize("engine", [FasterWhisper, WhisperTransformers], ids=lambda engine: engine.card.id)
def test_whisper_translates_when_that_is_asked_for(
    engine: type[Engine], host: WorkerPool, listening_site: EnginePaths, spoken: Audio, request: pytest.FixtureRequest
) -> None:
    if engine is WhisperTransformers:
        request.getfixturevalue("hf_weights")
    with host.lease(engine, engine.settled(listening_site, engine.Options(translate=True))) as listener:  # type: ignore[call-arg]
        said = listener.transcribe(spoken, "de")
    assert (said.text, said.language) == (whisper_script.TRANSLATED, "en")


def test_the_worker_of_the_model_environment_has_no_network(hf_weights: Path, environments: Path) -> None:
    check_it_has_no_network(environments)


@pytest.mark.realtime
@pytest.mark.slow
@pytest.mark.parametrize("engine", LISTENERS, ids=lambda engine: engine.card.id)
def test_a_cancel_ends_within_two_seconds_and_unloading_gives_everything_back(
    engine: type[Engine], host: WorkerPool, listening_site: EnginePaths, spoken: Audio, request: pytest.FixtureRequest
) -> None:
    if engine is Pocketsphinx:
        pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    if engine.card.environment != "studio":
        request.getfixturevalue("hf_weights")
    options, stop, long = engine.settled(listening_site, engine.Options()), threading.Event(), concatenate([spoken] * 40)
    with host.lease(engine, options) as listener:
        listener.transcribe(spoken)
    asked: list[float] = []

    def ask() -> None:
        asked.append(time.monotonic())
        stop.set()

    threading.Timer(0.5, ask).start()
    with pytest.raises(Cancelled), host.lease(engine, options, cancelled=stop.is_set) as listener:
        for _ in range(10_000):
            listener.transcribe(long)
    assert time.monotonic() - asked[0] < 2
    with host.lease(engine, options) as listener:
        listener.transcribe(spoken)
    pid = next(worker.pid for worker in host.snapshot() if worker.engine_id == engine.card.id)
    held = held_by_session(pid)
    assert host.unload(engine.card.id).workers == 1
    assert held > 2**25 and (held - held_by_session(pid)) / held >= 0.99


def test_weights_that_are_cut_off_are_refused_in_words(weights: Path, listening_site: EnginePaths, tmp_path: Path) -> None:
    shutil.copytree(weights, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("openai--*"))
    (model,) = tmp_path.glob("*/model.bin")
    model.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    with pytest.raises(EngineError, match="not Whisper's, or are damaged") as caught:
        contract.loaded(FasterWhisper, replace(listening_site, weights=(tmp_path,)), FasterWhisperOptions(size="tiny"))
    contract.check_error(caught.value)


def test_basic_english_understands_plain_reading(host: WorkerPool, spoken: Audio) -> None:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    with host.lease(Pocketsphinx, Pocketsphinx.Options()) as listener:
        said = listener.transcribe(concatenate([silence(1.0, spoken.rate), spoken]))
    assert jiwer.wer("has never been surpassed", said.text) == 0
    assert said.words[0].text == "has" and 0.9 < said.words[0].start < 1.3, "times are those of the sound, its silence counted"


def test_basic_english_says_that_it_is_english(host: WorkerPool, spoken: Audio) -> None:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    with host.lease(Pocketsphinx, Pocketsphinx.Options()) as listener, contract.refused_in_words():
        listener.transcribe(spoken, "de")


def test_whisper_takes_the_best_size_that_is_here_and_names_what_is_not(listening_site: EnginePaths) -> None:
    assert FasterWhisper.readiness(listening_site).ready
    assert FasterWhisper.settled(listening_site, FasterWhisperOptions()) == FasterWhisperOptions(size="tiny")
    empty = EnginePaths(listening_site.assets, listening_site.cache)
    assert not FasterWhisper.readiness(empty).ready and "1.6 GB" in FasterWhisper.readiness(empty).next_step
    engine = FasterWhisper(listening_site, FasterWhisperOptions(size="medium"), contract.TinyRun())
    with pytest.raises(EngineNotReady, match="medium"):
        engine.load()


def test_automatic_takes_a_size_that_translates_when_asked_to(
    monkeypatch: pytest.MonkeyPatch, listening_site: EnginePaths
) -> None:
    monkeypatch.setattr(whisper_weights, "sizes_here", lambda site, sizes: ["large-v3-turbo", "small"])
    assert FasterWhisper.settled(listening_site, FasterWhisperOptions()) == FasterWhisperOptions(size="large-v3-turbo")
    asked = FasterWhisperOptions(translate=True)
    assert FasterWhisper.settled(listening_site, asked) == asked.model_copy(update={"size": "small"})


def test_a_recogniser_that_loops_is_marked_and_not_believed(
    looping_weights: object, listening_site: EnginePaths, spoken: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heard twice without chance in it: at all ten temperatures it takes half a minute, and now and then ends a loop."""
    monkeypatch.setattr(faster_whisper, "FIRST_TEMPERATURES", (0.0,))
    monkeypatch.setattr(faster_whisper, "SECOND_TEMPERATURES", (0.0,))
    site = EnginePaths(listening_site.assets, listening_site.cache, (looping_weights,))  # type: ignore[arg-type]
    engine = contract.loaded(FasterWhisper, site, FasterWhisperOptions(beam_size=1, size="tiny"))
    said = contract.check_transcript(engine, FasterWhisper.card, spoken)
    assert {one.doubt for one in said.segments} == {LOOP}


@pytest.mark.slow
def test_whisper_on_a_graphics_card_knows_how_sure_it_is_and_where_somebody_speaks(hf_weights: Path) -> None:
    """As faster-whisper does by default: speech is looked for first, doubtful words are heard again at rising temperatures,
    words over silence are dropped, and what stays doubtful is marked."""
    clip = Path(__file__).resolve().parents[3] / "assets" / "voices" / "LJ001-0008.wav"
    told = json.loads(in_models(environment_python("models"), "tests.engines.transcription.inside", hf_weights, clip))
    assert -0.1 < told["true"] <= 0 and told["false"] < -5, "the words that these weights say, and others"
    assert 0 <= told["quiet"] <= 1
    (span,) = told["spans"]
    assert 3 < span[0] < 4.5 and span[1] < 6.6, "neither the silence before nor the chord after"
    assert told["music"] == "" and told["made up"] == ""
    assert set(told["doubts"]) == {""} and told["asked"][0] == [0.0]
    assert told["asked"][1] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert set(told["marked"]) == {UNCERTAIN}


def test_a_loop_is_heard_again_and_the_better_hearing_kept(spoken: Audio) -> None:
    from engines.contract import TranscribedSegment

    def heard(text: str, start: float, end: float) -> GuardedSegment:
        return GuardedSegment(TranscribedSegment(text, start, end), -0.2)

    first = [heard("Fine weather.", 0, 2), heard("no more " * 12, 2, 9), heard("And so on.", 9, 11)]
    asked: list[tuple[float, float]] = []

    def again(start: float, end: float) -> list[GuardedSegment]:
        asked.append((start, end))
        return [heard("Then he said something else.", start, end)]

    kept = filter_hallucinations(first, again)
    assert asked == [(2, 9)]
    assert [(one.text, one.doubt) for one in kept] == [
        ("Fine weather.", ""), ("Then he said something else.", ""), ("And so on.", ""),
    ]  # fmt: skip
    assert [one.doubt for one in filter_hallucinations(first, lambda start, end: [])] == ["", LOOP, ""]


def test_the_files_of_a_size_are_named_with_their_sizes() -> None:
    for sizes in (FASTER, OPENAI):
        assert set(sizes) - {"tiny.en"} == {"tiny", "base", "small", "medium", "large-v3", "large-v3-turbo"}
        totals = [sum(size for _, size in sizes[name].files) for name in ("tiny", "base", "small", "medium")]
        assert totals == sorted(totals)
        for weights in sizes.values():
            assert len(weights.revision) == 40 and "config.json" in weights.paths
