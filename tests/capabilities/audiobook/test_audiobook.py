"""A book from its file to the files of an audiobook, with a voice that ships; read back by readers that are not ours."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import mutagen
import pytest

from capabilities.audiobook.capability import Audiobook
from capabilities.audiobook.importing import chapters_of_document, speakers_of
from capabilities.audiobook.script import script_of_book
from capabilities.audiobook.spec import AudiobookSpec, BookChapter, Passage
from media.documents.read import read_document
from studio.jobs.model import Job, JobState
from tests.capabilities.voiceover.conftest import Narrator
from tests.media.documents import makers
from tests.repository.sources import ROOT


def told(*paragraphs: str | tuple[tuple[str, str], ...], title: str = "One") -> dict[str, Any]:
    made = [[{"text": one}] if isinstance(one, str) else [{"who": who, "text": text} for who, text in one] for one in paragraphs]
    return {"title": title, "paragraphs": made}


def short_book(path: Path) -> Path:
    pages = {
        "a": '<h1 id="p">Part One</h1><h2 id="c">Down the Hole</h2><p>Alice was tired.</p><hr/>'
        "<p>“Oh dear!” said the Rabbit.</p>",
        "b": '<h2 id="d">The Pool</h2><p>She cried. Note: nothing helped.</p>',
    }
    nav = (
        '<li><a href="text/a.xhtml#p">Part One</a><ol><li><a href="text/a.xhtml#c">Down the Hole</a></li>'
        '<li><a href="text/b.xhtml#d">The Pool</a></li></ol></li>'
    )
    return makers.epub(path, pages, nav)


def outputs(job: Job) -> dict[str, Path]:
    return {output.kind: Path(output.path) for output in job.outputs}


def test_an_epub_becomes_an_m4b_with_chapters_cover_and_files_that_shops_take(narrator: Narrator, tmp_path: Path) -> None:
    document = read_document(short_book(tmp_path / "b.epub"))
    chapters = chapters_of_document(document)
    assert [chapter.title for chapter in chapters] == ["Part One. Down the Hole", "The Pool"]
    spec = {
        "chapters": [chapter.model_dump() for chapter in chapters], "title": document.title, "author": document.authors[0],
        "narrator": "Heart", "voice": "hibari/heart", "cover": str(ROOT / "assets/portraits/mona-lisa.jpg"), "date": "1865",
    }  # fmt: skip
    job = narrator.run(spec, "audiobook")
    assert job.state is JobState.DONE, job.error
    made = outputs(job)
    assert made["audio"].suffix == ".m4b" and made["audio"].name.startswith("alice-s-adventures")
    book = mutagen.File(made["audio"])
    assert [one.title for one in book.chapters] == ["Opening credits", "Part One. Down the Hole", "The Pool", "Closing credits"]
    assert (book.tags["©nam"], book.tags["©ART"], book.tags["©wrt"]) == (["Alice’s Adventures"], ["Lewis Carroll"], ["Heart"])
    assert len(book.tags["covr"]) == 1
    with zipfile.ZipFile(made["archive"]) as archive:
        assert archive.namelist() == [
            "01_opening-credits.mp3", "02_part-one-down-the-hole.mp3", "03_the-pool.mp3", "04_closing-credits.mp3",
            "cover.jpg", "acx.csv",
        ]  # fmt: skip
        rows = list(csv.DictReader(io.StringIO(archive.read("acx.csv").decode("utf-8-sig"))))
        lengths = [mutagen.File(io.BytesIO(archive.read(name))).info.length for name in archive.namelist()[:4]]
    assert [row["meets ACX"] for row in rows] == ["yes"] * 4
    starts = [one.start for one in book.chapters]
    assert starts == pytest.approx([sum(lengths[:at]) for at in range(4)], abs=0.15)
    recipe = narrator.studio.library.get(job.outputs[0].id).recipe
    assert recipe["reading"]["unaccounted"] == 0
    assert "nothing helped" in made["subtitles"].with_suffix(".srt").read_text("utf-8")


def test_a_changed_sentence_is_the_only_one_that_is_spoken_again(narrator: Narrator) -> None:
    spec = {"chapters": [told("The first stays as it was.", "The second was old.")], "voice": "hibari/heart", "title": "Change"}
    first = narrator.run({**spec, "chapter_files": False}, "audiobook")
    assert first.state is JobState.DONE, first.error
    assert len(narrator.spoken(first)) >= 3
    spec["chapters"] = [told("The first stays as it was.", "The second is quite new.")]
    second = narrator.run({**spec, "chapter_files": False}, "audiobook")
    assert len(narrator.spoken(second)) == 1
    again = narrator.run({**spec, "chapter_files": False}, "audiobook")
    assert narrator.spoken(again) == []
    assert outputs(again)["audio"].read_bytes() == outputs(second)["audio"].read_bytes()


def test_a_cast_speaks_with_its_own_voices_and_who_has_none_is_read_by_the_narrator(narrator: Narrator) -> None:
    paragraph = (("Rabbit", "“Oh dear!” "), ("", "said he, "), ("Duck", "“no.”"))
    spec = {"chapters": [told(paragraph)], "voice": "hibari/heart", "title": "Cast", "credits": False, "chapter_files": False}
    job = narrator.run({**spec, "cast": {"rabbit": "espeak/gmw/en"}}, "audiobook")
    assert job.state is JobState.DONE, job.error
    planned = narrator.studio.capability(Audiobook).plan(AudiobookSpec.model_validate(job.spec)).plan
    assert [(segment.speaker, segment.written) for segment in planned.segments[1:]] == [
        ("rabbit", "“Oh dear!”"),
        ("", "said he, “no.”"),
    ]


def test_nothing_in_a_book_is_taken_for_a_mark_of_the_script_language() -> None:
    chapters = [
        BookChapter(
            title="# One",
            paragraphs=((Passage(text="# no heading"),), (), (Passage(who="A", text="Anna: [pause 2s] "), Passage(text="ok"))),
        )
    ]
    text, script = script_of_book(chapters, {"a": "x/y"})
    assert [line.text for line in script.lines] == ["# no heading", "Anna: [pause 2s]", "ok"]
    assert [line.speaker for line in script.lines] == ["", "a", ""]
    assert all(text[line.span.start : line.span.end] == line.text for line in script.lines)
    assert script.chapters == ("# One",)


def test_what_cannot_be_is_refused_before_the_job_is_queued(narrator: Narrator) -> None:
    good = {"chapters": [told("Words.")], "voice": "hibari/heart"}
    for change, word in (
        ({"chapters": []}, "chapters"), ({"cover": "/etc/passwd"}, "cover"), ({"voice": "nobody-at-all"}, "nobody-at-all"),
        ({"cast": {"A": "nobody-else"}, "chapters": [told((("A", "Words."),))]}, "nobody-else"),
    ):  # fmt: skip
        with pytest.raises(Exception, match=word):
            narrator.studio.jobs.submit("audiobook", {**good, **change})


def test_speakers_are_listed_by_how_much_they_say() -> None:
    chapters = [
        BookChapter(
            title="a", paragraphs=((Passage(who="B", text="short"), Passage(who="C", text="much longer"), Passage(text="x")),)
        )
    ]
    assert speakers_of(chapters) == ("C", "B")
