"""The pronunciation list on the disk: kept whole, undone, read by later and damaged forms, and as a table."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engines.speech.espeak.engine import Espeak
from engines.speech.mms.engine import Mms
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.pronunciations import Pronunciation, PronunciationList, SayingScope
from studio.pronunciations.csv_files import from_csv, to_csv
from studio.pronunciations.sayings import sayings_for

SAVED = {"a1": "Ada"}


def listed(folder: Path, saved: dict[str, str] | None = None) -> PronunciationList:
    return PronunciationList(folder / "pronunciations.json", lambda: SAVED if saved is None else saved)


def test_an_entry_outlasts_the_studio_and_its_place_is_taken_by_a_new_saying(tmp_path: Path) -> None:
    made = listed(tmp_path).set("Nguyen", "Win")
    assert listed(tmp_path).list() == [made]
    listed(tmp_path).set(" Nguyen\n", "/nwɪn/")
    (entry,) = listed(tmp_path).list()
    assert (entry.word, entry.saying, entry.ipa, entry.scope) == ("Nguyen", "/nwɪn/", "nwɪn", SayingScope.EVERYWHERE)
    assert entry.id == made.id


def test_an_entry_for_a_saved_voice_follows_its_name(tmp_path: Path) -> None:
    listed(tmp_path).set("Nguyen", "Win", of="Ada")
    assert [one.of for one in listed(tmp_path, {"a1": "Ada Lovelace"}).list()] == ["Ada Lovelace"]
    assert [one.of for one in listed(tmp_path, {}).list()] == ["Ada"]  # deleted, and perhaps put back


def test_a_word_that_is_renamed_leaves_no_second_entry(tmp_path: Path) -> None:
    made = listed(tmp_path).set("Nguen", "Win")
    listed(tmp_path).set("Nguyen", "Win", former=made.id)
    assert [one.word for one in listed(tmp_path).list()] == ["Nguyen"]


def test_a_deletion_is_undone_after_a_restart_too(tmp_path: Path) -> None:
    made = listed(tmp_path).set("Nguyen", "Win")
    assert listed(tmp_path).delete(made.id) == made
    assert listed(tmp_path).list() == []
    with pytest.raises(NotFound):
        listed(tmp_path).delete(made.id)
    assert listed(tmp_path).put_back(made.id) == listed(tmp_path).put_back(made.id) == made
    assert listed(tmp_path).list() == [made]
    listed(tmp_path).delete(made.id)
    listed(tmp_path).set("Nguyen", "Noo-yen")
    with pytest.raises(InvalidInput, match="Nguyen"):
        listed(tmp_path).put_back(made.id)
    assert [one.saying for one in listed(tmp_path).list()] == ["Noo-yen"]


def test_a_damaged_file_is_put_aside_and_a_newer_one_is_read_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "pronunciations.json"
    path.write_text('{"format": 1, "entr')
    assert listed(tmp_path).list() == []
    listed(tmp_path).set("a", "b")
    (aside,) = tmp_path.glob("pronunciations-damaged-*.json")
    assert aside.read_text() == '{"format": 1, "entr'
    newer = {"format": 2, "entries": [{"word": "a", "saying": "b"}, {"word": "c", "saying": "d", "scope": "chapter", "of": "3"}]}
    path.write_text(json.dumps(newer))
    assert [one.word for one in listed(tmp_path).list()] == ["a"]
    with pytest.raises(InvalidInput, match="newer version"):
        listed(tmp_path).set("e", "f")
    path.write_text(json.dumps({**newer, "format": 1}))
    listed(tmp_path).set("e", "f")
    assert {"word": "c", "saying": "d", "scope": "chapter", "of": "3"} in json.loads(path.read_text())["entries"]


def test_many_at_once_lose_none(tmp_path: Path) -> None:
    one = listed(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: one.set(f"word{number}", "said"), range(40)))
    assert len(one.list()) == 40


@pytest.mark.parametrize(
    ("word", "saying", "of", "why"),
    [
        ("", "Win", "", "The word is missing"),
        ("!?", "Win", "", "The word is missing"),
        ("Nguyen", " ", "", "missing"),
        ("Nguyen", "/nwɪn", "", "does not end so"),
        ("Nguyen", "/nw1n/", "", "“1”"),
        ("Nguyen", "/nwn/", "", "no vowel"),
        ("N" * 101, "Win", "", "too long"),
    ],
)
def test_what_cannot_be_an_entry_is_refused_in_words(tmp_path: Path, word: str, saying: str, of: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        listed(tmp_path).set(word, saying, of=of)
    assert listed(tmp_path).list() == []


def test_the_narrowest_entry_counts_and_an_engine_gets_what_it_reads() -> None:
    entries = [
        Pronunciation("Nguyen", "Win"),
        Pronunciation("Nguyen", "/nwɪn/", SayingScope.VOICE, "Ada"),
        Pronunciation("Nguyen", "Nyen", SayingScope.VOICE, "Ada", "de"),
        Pronunciation("chat", "shah", language="fr"),
        Pronunciation("Nguyen", "Nuyen", SayingScope.PROJECT, "p1"),
    ]
    assert sayings_for(entries, "gmw/en", "en", Espeak).letters == {"Nguyen": "Win"}
    ada = sayings_for(entries, "Ada", "en-GB", Espeak)
    assert (ada.letters, ada.sounds) == ({"Nguyen": "Nguyen"}, {"Nguyen": "nwɪn"})
    assert [(span.start, span.end, span.ipa) for span in ada.spans("So Nguyen said.")] == [(3, 9, "nwɪn")]
    assert sayings_for(entries, "Ada", "en", Mms).letters == {"Nguyen": "nwin"}  # it reads letters alone
    assert sayings_for(entries, "Ada", "de-AT", Espeak).letters == {"Nguyen": "Nyen"}
    assert sayings_for(entries, "", "fr-CA", Espeak).letters == {"Nguyen": "Win", "chat": "shah"}
    assert sayings_for(entries, "", "en", Espeak, project="p1").letters == {"Nguyen": "Nuyen"}
    assert sayings_for(entries, "", "en", Espeak, {"Nguyen": "Jones"}).letters == {"Nguyen": "Jones"}


def test_a_table_goes_out_and_comes_back_the_same(tmp_path: Path) -> None:
    one = listed(tmp_path)
    one.set("Nguyen", "/nwɪn/", of="Ada", language="en")
    one.set("+1", "plus one, with a comma")
    table = tmp_path / "words.csv"
    table.write_bytes(to_csv(one.list()))
    assert table.read_bytes().startswith(b"\xef\xbb\xbf") and b"\n'+1," in table.read_bytes()
    other = listed(tmp_path / "other")
    assert other.add_all(from_csv(table)) == 2
    assert other.list() == one.list()


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (b"word;saying\nNguyen;Win\n;x\n", "Row 3"),
        (b"name,saying\na,b\n", "“word”"),
        (b"PK\x03\x04\0\0", "no table"),
        ("word,saying\nMüller,Miller".encode("latin-1"), "no table"),
    ],
)
def test_a_table_with_a_mistake_changes_nothing(tmp_path: Path, table: bytes, why: str) -> None:
    (tmp_path / "words.csv").write_bytes(table)
    with pytest.raises(GreenroomError, match=why):
        from_csv(tmp_path / "words.csv")
