"""An error is a code with parameters: it survives pickling, rows and the wire, and its words are made where they are read."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from api.openai.errors import WrongParameter
from engines.contract.errors import EngineError, WorkerDied
from media.errors import Cancelled, GreenroomError, InvalidInput, MediaError, restored
from media.messages import catalogue
from media.messages.languages import speaking
from media.messages.message import Message


class Kind(StrEnum):
    SOUND = "sound"


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A catalogue in two languages in place of the studio's."""
    for language, entry in {
        "en": '[missing]\nreason = "{n, plural, one {# file} other {# files}} of {kind} missing in {folder}."\nhint = "Add."\n'
        '[in-line]\nreason = "Line {line}: {reason}"\n[because]\nreason = "Not so: {why}"\n',
        "de": '[missing]\nreason = "In {folder} {n, plural, one {fehlt # Datei} other {fehlen # Dateien}}: {kind}."\n'
        'hint = "Nimm."\n'
        '[in-line]\nreason = "{reason} (Zeile {line})"\n',
    }.items():
        path = tmp_path / "media" / "messages" / language / "thing.toml"
        path.parent.mkdir(parents=True)
        path.write_text(entry, "utf-8")
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    catalogue.area_of.cache_clear()
    yield tmp_path
    catalogue.area_of.cache_clear()


def missing() -> InvalidInput:
    return InvalidInput("thing.missing", n=2, kind=Kind.SOUND, folder=Path("/home/anna/secret/box"), retryable=True)


def test_words_are_made_in_the_language_of_the_reader(words: Path) -> None:
    error = missing().within("thing.in-line", line=3)
    assert str(error) == "Line 3: 2 files of sound missing in box. Add."
    with speaking("de-AT"):
        assert (error.reason, error.hint) == ("In box fehlen 2 Dateien: sound. (Zeile 3)", "Nimm.")
    assert error.reason_in("de") == "In box fehlen 2 Dateien: sound. (Zeile 3)"
    with speaking("fr"):
        assert error.hint == "Add."  # a language without a catalogue


def test_a_message_may_be_a_parameter(words: Path) -> None:
    error = MediaError("thing.because", why=missing().message)
    assert error.reason == "Not so: 2 files of sound missing in box."
    kept = restored(json.loads(json.dumps(error.as_dict())), MediaError)
    assert kept.as_dict() == error.as_dict()
    assert kept.reason == error.reason


@pytest.mark.parametrize("way", ["pickle", "json"])
def test_everything_survives_the_journey(words: Path, way: str) -> None:
    error = missing().within("thing.in-line", line=3)
    arrived = (
        pickle.loads(pickle.dumps(error)) if way == "pickle" else restored(json.loads(json.dumps(error.as_dict())), InvalidInput)
    )
    assert type(arrived) is InvalidInput
    assert arrived.code == "thing.missing"
    assert arrived.parameters == {"n": 2, "kind": "sound", "folder": "box"}
    assert arrived.retryable
    assert str(arrived) == str(error)
    assert arrived.as_dict() == error.as_dict()


def test_errors_with_arguments_of_their_own_are_pickled() -> None:
    error = pickle.loads(pickle.dumps(WrongParameter("openai.file-missing", param="file", status=404)))
    assert (error.param, error.status, error.code) == ("file", 404, "openai.file-missing")
    assert isinstance(pickle.loads(pickle.dumps(Cancelled())), Cancelled)


def test_a_finished_sentence_is_told_under_the_code_of_its_class() -> None:
    with pytest.warns(FutureWarning, match="a code of a catalogue"):
        error = WorkerDied("It {broke}.", "Mend it.")
    assert (error.code, str(error), error.retryable) == ("engine.told", "It {broke}. Mend it.", True)
    with pytest.warns(FutureWarning):
        assert GreenroomError("It broke.").code == "studio.failed"
    again = restored(error.as_dict(), EngineError)
    assert (again.code, str(again)) == ("engine.told", "It {broke}. Mend it.")


def test_what_was_kept_before_there_were_codes_keeps_its_sentence() -> None:
    error = restored({"reason": "Why.", "hint": "Next.", "retryable": True}, GreenroomError)
    assert (error.code, str(error), error.retryable) == ("studio.failed", "Why. Next.", True)


def test_a_code_that_no_catalogue_knows_keeps_the_words_that_came_with_it() -> None:
    error = restored({"code": "parrot.lost", "parameters": {"n": 1}, "reason": "It {flew}.", "hint": "Call it."}, EngineError)
    assert (error.code, str(error)) == ("parrot.lost", "It {flew}. Call it.")
    assert str(EngineError("parrot.lost", n=1)) == "parrot.lost (n: 1)"


def test_parameters_are_what_json_holds() -> None:
    import numpy as np

    said = Message.of("a.b", real=np.float32(0.5), whole=np.int64(3), many=(one for one in "ab"), gone=None, wide=float("inf"))
    assert json.loads(json.dumps(said.as_dict(), allow_nan=False))["parameters"] == {
        "real": 0.5, "whole": 3, "many": ["a", "b"], "gone": None, "wide": "inf",
    }  # fmt: skip


def test_an_engine_of_ones_own_brings_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_added", [])
    assert str(EngineError("parrot.lost", days=1)) == "parrot.lost (days: 1)"
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "parrot.toml").write_text(
        '[lost]\nreason = "Gone for {days, plural, one {# day} other {# days}}."\n', "utf-8"
    )
    catalogue.add_folder(tmp_path)
    try:
        assert str(EngineError("parrot.lost", days=2)) == "Gone for 2 days."
    finally:
        catalogue.area_of.cache_clear()
