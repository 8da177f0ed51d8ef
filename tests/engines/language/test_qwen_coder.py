"""The built-in language model through its library: streaming, schemas, limits, cancel and memory, with a tiny model of the same
architecture; and what the real one says, where its weights are here."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engines.catalog import Catalog
from engines.contract import ChatMessage, ChatRequest, EnginePaths, LanguageEngine
from engines.contract.errors import EngineError
from engines.language.qwen_coder.engine import CONTEXT, MODEL, REPO, QwenCoder, QwenCoderOptions
from media.errors import Cancelled
from studio.settings import WorkerSettings
from studio.workers.pool import WorkerPool
from tests.engines.contract_suite import TinyRun, check_error, loaded
from tests.engines.language.gguf_model import write_model

ASSETS = Path(__file__).resolve().parents[3] / "assets"
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["story", "tips"]}, "short": {"type": "boolean"}},
    "required": ["kind", "short"],
    "additionalProperties": False,
}


def chat(*texts: str, **more: object) -> ChatRequest:
    return ChatRequest(tuple(ChatMessage("user", text) for text in texts), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tiny_site(tmp_path_factory: pytest.TempPathFactory) -> EnginePaths:
    root = tmp_path_factory.mktemp("tiny-language")
    write_model(root / "weights" / REPO.replace("/", "--") / MODEL)
    return EnginePaths(ASSETS, root / "cache", (root / "weights",))


@pytest.fixture(scope="module")
def tiny(tiny_site: EnginePaths) -> QwenCoder:
    engine = loaded(QwenCoder, tiny_site)
    assert isinstance(engine, QwenCoder) and isinstance(engine, LanguageEngine)
    return engine


@pytest.fixture(scope="module")
def pool(tiny_site: EnginePaths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    settings = WorkerSettings(start_seconds=60, cancel_grace_seconds=1.0, heartbeat_seconds=10)
    pool = WorkerPool(settings, tiny_site, Catalog(), logs=tmp_path_factory.mktemp("logs"))
    yield pool
    pool.close()


def test_it_answers_in_pieces_and_says_how_it_ended(tiny: QwenCoder) -> None:
    pieces = list(tiny.chat(chat("Hello", longest=12, seed=4)))
    assert len(pieces) > 4 and [piece.ended for piece in pieces[:-1]] == [""] * (len(pieces) - 1)
    last = pieces[-1]
    assert last.ended in ("length", "stop") and 0 < last.answer_tokens <= 12 and last.prompt_tokens > 10
    assert [piece.text for piece in tiny.chat(chat("Hello", longest=12, seed=4))] == [piece.text for piece in pieces]


def test_a_schema_holds_even_a_model_that_babbles(tiny: QwenCoder) -> None:
    for seed in range(3):
        pieces = list(tiny.chat(chat("Say anything.", longest=200, temperature=1.0, seed=seed, schema=SCHEMA)))
        answer = json.loads("".join(piece.text for piece in pieces))
        assert answer.keys() == {"kind", "short"} and answer["kind"] in ("story", "tips") and isinstance(answer["short"], bool)
        assert pieces[-1].ended == "stop"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (chat("   "), "language.nothing-asked"),
        (chat("x" * 60_001), "language.text-too-long"),
        (chat("ab " * CONTEXT), "language.chat-too-long"),
        (chat("Hello", schema={"type": "nonsense"}), "language.schema-unusable"),
    ],
)
def test_what_it_cannot_answer_is_refused_in_words_and_it_goes_on(tiny: QwenCoder, request_: ChatRequest, code: str) -> None:
    with pytest.raises(EngineError) as caught:
        list(tiny.chat(request_))
    assert caught.value.code == code
    check_error(caught.value)
    assert list(tiny.chat(chat("Hello", longest=2)))


def test_no_program_of_this_machine_can_ask_it(tiny: QwenCoder) -> None:
    own = psutil.Process()
    assert [one for one in own.net_connections("inet") if one.status == psutil.CONN_LISTEN and one.laddr.port] == []
    sockets = [one.laddr for one in own.net_connections("unix") if "greenroom-" in str(one.laddr)]
    assert sockets and not any(Path(path).exists() for path in sockets)


def test_cancel_is_heard_while_it_reads_and_while_it_writes(tiny_site: EnginePaths) -> None:
    run = TinyRun()
    engine = loaded(QwenCoder, tiny_site, run=run)
    assert isinstance(engine, QwenCoder)
    answer = engine.chat(chat("Hello", longest=3_000))
    next(answer)
    run.cancelled = True
    with pytest.raises(Cancelled):
        list(answer)
    with pytest.raises(Cancelled):
        list(engine.chat(chat("Hello")))
    run.cancelled = False
    assert run.fractions == sorted(run.fractions[:1]) + run.fractions[1:] and list(engine.chat(chat("Hello", longest=2)))


def test_through_a_worker_it_streams_is_cancelled_in_time_and_gives_its_memory_back(pool: WorkerPool) -> None:
    stopped: list[float] = []
    with pool.lease(QwenCoder, QwenCoderOptions(), cancelled=lambda: bool(stopped)) as mind:
        assert "".join(piece.text for piece in mind.chat(chat("Hello", longest=20, schema=SCHEMA)))
        answer = mind.chat(chat("Hello", longest=3_900))
        next(answer)
        stopped.append(time.monotonic())
        with pytest.raises(Cancelled):
            list(answer)
    (worker,) = pool.snapshot()
    assert pool.unload("qwen-coder").workers == 1
    assert not psutil.pid_exists(worker.pid)


def test_damaged_weights_are_told(tmp_path: Path) -> None:
    path = tmp_path / REPO.replace("/", "--") / MODEL
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF" + bytes(500))
    with pytest.raises(EngineError) as caught:
        loaded(QwenCoder, EnginePaths(ASSETS, tmp_path / "cache", (tmp_path,)))
    assert caught.value.code == "language.weights-wrong"


@pytest.mark.slow
def test_the_real_one_answers_with_sense_and_in_shape(site: EnginePaths) -> None:
    readiness = QwenCoder.readiness(site)
    if not readiness.ready:
        pytest.skip(f"{readiness.sentence} It is 1.1 GB: set it up in the System tab, or set MODEL_WEIGHTS.")
    engine = loaded(QwenCoder, site)
    assert isinstance(engine, QwenCoder)
    schema = {"type": "object", "properties": {"capital": {"type": "string"}}, "required": ["capital"]}
    told = "".join(piece.text for piece in engine.chat(chat("What is the capital of France?", longest=30, schema=schema)))
    assert "Paris" in json.loads(told)["capital"]
