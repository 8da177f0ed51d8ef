"""Every torch speech engine through its real library, on a tiny checkpoint of the true architecture, without a network.

One worker process for each engine serves all its tests; pytest runs them engine by engine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from engines.contract import EnginePaths, SpeechRequest
from studio.workers.model import WorkerState
from studio.workers.pool import WorkerPool
from tests.engines import contract_suite as contract
from tests.engines.speech.torch_engines.cancelling import seconds_to_cancel
from tests.engines.speech.torch_engines.holdings import held_by_session, shared_segments
from tests.engines.speech.torch_engines.promises import PROMISES, Studio
from tests.engines.speech.torch_engines.remote import Remote
from tests.model_environments import check_it_has_no_network

pytestmark = pytest.mark.slow

IDS = ("f5-tts", "voxcpm2", "kokoro-torch", "mms-tts", "speecht5", "dia", "vibevoice")
SLOW_SAMPLERS = ("dia", "vibevoice")
"""Random weights of these never say that the text is over, or always do: lengths tell nothing."""

FEW_STEPS: dict[str, dict[str, Any]] = {"f5-tts": {"steps": 4}, "voxcpm2": {"steps": 4}, "vibevoice": {"steps": 2}}

each_engine = pytest.mark.parametrize("remote", IDS, indirect=True, scope="module")


@pytest.fixture(scope="module")
def remote(request: pytest.FixtureRequest, model_host: WorkerPool, model_site: EnginePaths) -> Iterator[Remote]:
    yield Remote.of(model_host, request.param, model_site, **FEW_STEPS.get(request.param, {}))
    model_host.unload(request.param, force=True)


def speak(remote: Remote, text: str = contract.PLAIN_TEXT, seed: int = 7, **options: Any) -> np.ndarray:
    before = remote.options
    remote.options = type(before)(**{**before.model_dump(), **options})
    try:
        return remote.synthesize(SpeechRequest(text, contract.usual_voice(remote), seed=seed)).audio.samples[:, 0]  # type: ignore[arg-type]
    finally:
        remote.options = before


def test_the_workers_have_no_network(environments: Path) -> None:
    check_it_has_no_network(environments)


@each_engine
def test_it_is_ready_and_speaks(remote: Remote) -> None:
    assert remote.engine.readiness(remote.site).ready
    if remote.card.id in SLOW_SAMPLERS:
        samples = speak(remote)
        assert samples.size and np.isfinite(samples).all()
    else:
        contract.check_speech(remote, contract.PLAIN_TEXT, "en")  # type: ignore[arg-type]


@each_engine
def test_the_same_seed_gives_the_same_sound(remote: Remote) -> None:
    first = speak(remote)
    other = speak(remote, "Something else.", 1)
    assert np.array_equal(first, speak(remote)) and not np.array_equal(first, other)


@each_engine
def test_what_it_cannot_take_is_refused_in_words(remote: Remote) -> None:
    contract.check_refusals(remote, "en")  # type: ignore[arg-type]


@each_engine
def test_awkward_text_does_no_harm(remote: Remote) -> None:
    few = remote.card.id not in ("f5-tts", "mms-tts", "speecht5")  # the others take seconds for each
    for text in contract.AWKWARD_TEXTS[7:8] if few else contract.AWKWARD_TEXTS[:8]:
        contract.check_awkward_text(remote, text, "en")  # type: ignore[arg-type]


@each_engine
def test_what_only_this_engine_promises(remote: Remote, model_host: WorkerPool, model_site: EnginePaths, tmp_path: Path) -> None:
    for promise in PROMISES.get(remote.card.id, ()):
        promise(Studio(model_host, model_site, tmp_path))


@pytest.mark.realtime
@each_engine
def test_cancel_in_generation_ends_within_two_seconds(remote: Remote) -> None:
    speak(remote)
    begun = time.monotonic()
    assert seconds_to_cancel(remote, lambda: time.monotonic() - begun > 0.5, long_request(remote)) < 2


@each_engine
def test_unload_gives_everything_back(remote: Remote, model_host: WorkerPool) -> None:
    """At least 99 % of what the worker held, by the kernel's own books; and by available memory, as far as others let it."""
    speak(remote)
    pid = next(worker.pid for worker in model_host.snapshot() if worker.engine_id == remote.card.id)
    held, shared = held_by_session(pid), shared_segments()
    report = model_host.unload(remote.card.id)
    left = held_by_session(pid) + sum(size for path, size in shared_segments().items() if path not in shared)
    assert held > 2**27 and (held - left) / held >= 0.99
    assert report.workers == 1 and report.held_gib > 0.8 * held / 2**30
    assert not psutil.pid_exists(pid)
    assert model_host.residency(remote.card.id) is WorkerState.COLD


@each_engine
def test_cancel_while_it_is_loaded_ends_within_two_seconds(remote: Remote, model_host: WorkerPool) -> None:
    """Asked as soon as the worker says that it loads: the libraries are imported and the weights read after that."""
    model_host.unload(remote.card.id, force=True)
    remote.progress.clear()
    loading = seconds_to_cancel(remote, lambda: any("Loading" in note for _, note in remote.progress), long_request(remote))
    assert loading < 2
    assert model_host.residency(remote.card.id) is WorkerState.COLD


def long_request(remote: Remote) -> SpeechRequest:
    text = "The house stood on a hill and was empty. " * (1 if remote.card.id == "kokoro-torch" else 7)
    return SpeechRequest(text, contract.usual_voice(remote))  # type: ignore[arg-type]
