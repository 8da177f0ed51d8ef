"""A script rewritten by a stand-in server: only what is hard by ear, names and marks kept, refused sentences said, and what was
answered kept when the server goes away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from capabilities.rewriting.sentences import hard_by_ear, script_sentences, with_changes
from capabilities.rewriting.tasks import doubt
from studio.errors import InvalidInput
from studio.jobs.model import Job, JobState
from studio.language.errors import NoLanguageModelError
from studio.services import Services
from studio.settings import load_settings
from tests.studio.language.chat_server import ChatServer, breaks_off, chat_server, refuses, says

SCRIPT = "# Part 1\n\nAnna: The hall (built in 1998) is warm. It was late.\r\n[pause 1s]\nBen: We sold 12 tickets to Mrs. Jones!"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Services]:
    opened = Services.open(load_settings(data={"folder": tmp_path / "data"}), all_capabilities)
    yield opened
    opened.close()


def done(studio: Services, **spec: str) -> tuple[Job, str, dict[str, object]]:
    job = studio.jobs.wait(studio.jobs.submit("rewrite_script", {"script": SCRIPT, **spec}).id, 60)
    assert job.state is JobState.DONE, job.error
    path = Path(job.outputs[0].path)
    return job, path.read_bytes().decode(), json.loads(path.with_suffix(".json").read_text("utf-8"))


def test_sentences_stand_where_they_are_written() -> None:
    found = script_sentences(SCRIPT)
    assert [one.text for one in found] == [
        "The hall (built in 1998) is warm.", "It was late.", "We sold 12 tickets to Mrs. Jones!",
    ]  # fmt: skip
    assert all(SCRIPT[one.start : one.end] == one.text for one in found)
    assert [hard_by_ear(one.text) for one in found] == [True, False, True]
    assert hard_by_ear("word " * 40) and not hard_by_ear("A quiet evening.")
    assert with_changes("abcdef", [(4, 5, "E"), (0, 2, "")]) == "cdEf"


@pytest.mark.parametrize(
    ("task", "before", "after", "told"),
    [
        ("ear", "We met Ada Byron.", "We met Ada.", "Byron"),
        ("ear", "We met.", "x" * 200, "longer"),
        ("translate", "It was a very long day.", "It was a very long day.", "Not translated"),
        ("translate", "It was a very long day.", "Es.", "shorter"),
        ("ear", "The hall holds 40.", "The hall holds forty.", ""),
    ],
)
def test_what_looks_wrong_is_said(task: str, before: str, after: str, told: str) -> None:
    found = doubt(task, before, after)  # type: ignore[arg-type]
    assert (told in found) if told else found == ""


def test_without_a_model_or_without_work_it_is_refused_in_words(studio: Services, server: ChatServer) -> None:
    with pytest.raises(NoLanguageModelError):
        studio.jobs.submit("rewrite_script", {"script": SCRIPT})
    studio.language.choose(server.url, "tiny-chat")
    for spec, code in (({"script": "A quiet evening."}, "rewriting.nothing-hard"),
                       ({"script": SCRIPT, "task": "translate"}, "rewriting.no-language")):  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            studio.jobs.submit("rewrite_script", spec)
        assert caught.value.code == code
    assert server.questions == [], "nothing is asked before the job runs"


def test_proposals_hold_every_change_and_a_refused_sentence_stays(studio: Services, server: ChatServer) -> None:
    studio.language.choose(server.url, "tiny-chat")
    server.queued.extend([refuses(), says('{"say": "We sold twelve tickets to Mrs. Jones!"}')])
    job, text, told = done(studio)
    assert text == SCRIPT.replace("12", "twelve")
    assert told["sentences"] == 2 and [one["before"] for one in told["changes"]] == ["We sold 12 tickets to Mrs. Jones!"]  # type: ignore[union-attr,attr-defined]
    assert "Sentence 1 stays as it is" in job.note


def test_what_was_answered_is_kept_when_the_server_goes(studio: Services, server: ChatServer) -> None:
    studio.language.choose(server.url, "tiny-chat")
    server.queued.append(says('{"say": "Die Halle von 1998 ist warm."}'))
    server.behaviour = breaks_off("{")
    job, text, _ = done(studio, task="translate", language="German")
    assert "Die Halle von 1998 ist warm." in text and "It was late." in text
    assert "1 of 3 sentences were answered" in job.note
    failed = studio.jobs.wait(studio.jobs.submit("rewrite_script", {"script": SCRIPT}).id, 60)
    assert failed.state is JobState.FAILED and failed.error is not None and failed.error.code == "llm.cut-off"
