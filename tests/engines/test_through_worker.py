"""The same engines in a worker process: what comes over the pipe is what they make here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.catalog import Catalog
from engines.contract import Engine, EngineKind, EnginePaths, SpeakingVoice, SpeechRequest
from engines.contract.errors import EngineError
from engines.speech.espeak.engine import Espeak, EspeakOptions
from engines.speech.hibari.engine import Hibari, HibariOptions
from studio.settings import WorkerSettings
from studio.workers.engine_service import readiness_of
from studio.workers.pool import WorkerPool
from tests.engines import contract_suite as contract
from tests.engines.fault_engine import FaultEngine, FaultOptions

CATALOG = Catalog(["tests.engines.fault_engine:FaultEngine"])
HERE = [engine for engine in CATALOG.of(EngineKind.SPEECH) if engine.card.environment == "studio"]
"""What runs in the studio's own environment, without weights; tests/engines/speech/torch_engines has the others."""


@pytest.fixture(scope="module")
def host(site: EnginePaths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    settings = WorkerSettings(start_seconds=60, cancel_grace_seconds=0.5, heartbeat_seconds=10)
    host = WorkerPool(settings, site, CATALOG, logs=tmp_path_factory.mktemp("worker-logs"))
    yield host
    host.close()


@pytest.mark.parametrize("engine", HERE, ids=lambda engine: engine.card.id)
def test_a_worker_gives_exactly_what_the_engine_makes(host: WorkerPool, site: EnginePaths, engine: type[Engine]) -> None:
    _skip_unless_ready(engine, site)
    request = SpeechRequest("Naïve café? Don't pay $5 before 10 o'clock.", seed=3)
    here = contract.loaded(engine, site).synthesize(request)  # type: ignore[attr-defined]
    with host.lease(engine, engine.Options()) as speaker:
        assert speaker.synthesize(request) == here
        assert speaker.synthesize(request) == here


@pytest.mark.parametrize("engine", HERE, ids=lambda engine: engine.card.id)
def test_refusals_cross_the_pipe_in_words_and_the_worker_lives_on(
    host: WorkerPool, site: EnginePaths, engine: type[Engine]
) -> None:
    _skip_unless_ready(engine, site)
    with host.lease(engine, engine.Options()) as speaker:
        for request in (
            SpeechRequest(""),
            SpeechRequest("hello", SpeakingVoice("nobody")),
            SpeechRequest("hello", language="xx"),
        ):
            with pytest.raises(EngineError) as caught:
                speaker.synthesize(request)
            contract.check_error(caught.value)
        assert speaker.synthesize(SpeechRequest("hello again")).audio.frames


def _skip_unless_ready(engine: type[Engine], site: EnginePaths) -> None:
    readiness = readiness_of(engine, site)
    if not readiness.ready:
        pytest.skip(readiness.sentence)


def test_options_reach_the_worker(host: WorkerPool) -> None:
    for engine, slow, fast in (
        (Hibari, HibariOptions(speed=0.5), HibariOptions(speed=2)),
        (Espeak, EspeakOptions(speed=80), EspeakOptions(speed=300)),
    ):
        durations = []
        for options in (slow, fast):
            with host.lease(engine, options) as speaker:
                durations.append(speaker.synthesize(SpeechRequest("The house on the hill was empty.")).audio.duration)
        assert durations[0] > 2.5 * durations[1]


def test_flaky_counts_over_processes_by_its_log(host: WorkerPool, tmp_path: Path) -> None:
    log = tmp_path / "calls.log"
    options = FaultOptions(behaviour="flaky", failures=2, log=str(log))
    with host.lease(FaultEngine, options) as first, host.lease(FaultEngine, options) as second:
        peaks = [speaker.synthesize(SpeechRequest("abc", seed=seed)).audio.samples.max() for seed, speaker in
                 enumerate((first, second, first, second))]  # fmt: skip
    assert [bool(peak > 0) for peak in peaks] == [False, False, True, True]
    lines = [line.split("\t") for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line[1:] for line in lines] == [[str(seed), "abc"] for seed in range(4)]
    assert len({line[0] for line in lines}) == 2
