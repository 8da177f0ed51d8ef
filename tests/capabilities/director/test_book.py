"""A book as a project: read into a board, spoken, changed, and rendered into files that other readers take."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen
import pytest

from capabilities.director.book.capability import RenderBook
from capabilities.director.book.importing import project_of_file
from capabilities.director.book.script import as_spoken, book_script
from capabilities.director.document.change import read_changes
from capabilities.director.document.model import BoardLine, BoardScene, BoardShot, BookDetails, CastMember, Project
from capabilities.director.film.desk import stamp_of
from capabilities.registry import all_capabilities
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import VoiceoverSettings, load_settings
from tests.media.documents import makers

TALK = (
    '<h1 id="a">Down the Hole</h1><p>Alice met the Rabbit.</p><p>“Oh dear!” said the Rabbit.</p><hr/><p>“Wait,” said Alice.</p>'
    "<p>“Why?”</p>"
)
POOL = '<h1 id="b">The Pool</h1><p>Note: she cried.</p><p># It was wet.</p><p>“Who is it?”</p>'
NAV = '<li><a href="text/a.xhtml#a">Down the Hole</a></li><li><a href="text/b.xhtml#b">The Pool</a></li>'


class BookMaker:
    """A studio with one small book, which is made again and again."""

    def __init__(self, folder: Path) -> None:
        self.studio = Services.open(load_settings(data={"folder": folder / "data"}), all_capabilities)
        self.desk = self.studio.capability(RenderBook).desk
        path = makers.epub(folder / "alice.epub", {"a": TALK, "b": POOL}, NAV)
        read = project_of_file(path, self.studio.paths.root / "uploads", kind="audiobook")
        narrator = {name: CastMember(voice="espeak/gmw/en") if name == "Narrator" else one for name, one in read.cast.items()}
        self.project = self.desk.projects.make(read.model_copy(update={"cast": narrator}))

    @property
    def document(self) -> Project:
        return self.project.document

    def line(self, words: str) -> BoardLine:
        return next(line for line in self.document.lines() if words in line.text)

    def change(self, *changes: dict[str, Any]) -> None:
        self.desk.projects.update(self.project.folder.name, read_changes(list(changes)))

    def render(self) -> Job:
        job = self.studio.jobs.submit("render_book", {"project": self.project.folder.name})
        done = self.studio.jobs.wait(job.id, 120)
        assert done.state is JobState.DONE, done.error
        return done

    def spoken(self, job: Job) -> list[str]:
        return [event.data["id"] for event in self.studio.jobs.events(job.id) if event.kind == "segment"]


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BookMaker]:
    made = BookMaker(tmp_path_factory.mktemp("books"))
    yield made
    made.studio.close()


def test_a_book_becomes_a_board_of_chapters_paragraphs_and_speakers(maker: BookMaker) -> None:
    found = maker.document
    assert [scene.title for scene in found.scenes] == ["Down the Hole", "The Pool"]
    assert list(found.cast) == ["Narrator", "Rabbit", "Alice"]
    assert (found.kind, found.language, found.book.author) == ("audiobook", "en", "Lewis Carroll")
    told = [[(line.who, line.text) for line in shot.lines] for shot in found.scenes[0].shots]
    assert told == [
        [("", "Alice met the Rabbit.")], [("Rabbit", "“Oh dear!”"), ("", " said the Rabbit.")], [],
        [("Alice", "“Wait,”"), ("", " said Alice.")], [("Rabbit", "“Why?”")],
    ]  # fmt: skip
    doubtful = [line for line in found.lines() if line.doubt is not None]
    assert [(line.text, line.doubt) for line in doubtful] == [("“Who is it?”", 0.0)]
    reading = found.book.reading
    assert reading is not None and reading.complete and reading.kept == reading.source
    assert maker.desk.files.find(maker.project.folder, found.book.cover, "cover")[0].is_file()


def test_the_files_hold_the_book_and_a_change_speaks_what_hangs_on_it(maker: BookMaker) -> None:
    first = maker.render()
    whole, archive = (next(one.path for one in first.outputs if one.kind == kind) for kind in ("audio", "archive"))
    book = mutagen.File(whole)
    assert [one.title for one in book.chapters] == ["Opening credits", "Down the Hole", "The Pool", "Closing credits"]
    assert book.tags["©ART"] == ["Lewis Carroll"] and len(book.tags["covr"]) == 1
    with zipfile.ZipFile(archive) as chapters:
        assert [name for name in chapters.namelist() if name.endswith(".mp3")][1:3] == ["02_down-the-hole.mp3", "03_the-pool.mp3"]
    words = next(path for path in maker.studio.library.get(first.outputs[0].id).companions if path.suffix == ".srt").read_text()
    assert "Note: she cried." in words and "# It was wet." in words, "nothing in a book is a mark of the script language"
    state = maker.desk.state(maker.document)
    assert state.sentences == 0 and all(shot.ready for shot in state.shots)
    assert state.seconds == pytest.approx(sum(shot.seconds for shot in state.shots), abs=30)

    assert maker.spoken(maker.render()) == []
    line = maker.line("Why?")
    maker.change({"op": "set", "at": f"lines/{line.id}.text", "to": "“Stop!”"})
    assert maker.spoken(maker.render()) == [f"{line.id}.0"]
    maker.change({"op": "set", "at": f"lines/{line.id}.pause", "to": 3.0}, {"op": "set", "at": "book.narrator", "to": "E. Speak"})
    third = maker.render()
    assert maker.spoken(third) == ["opening-2.0"], "a silence speaks nothing again"
    assert mutagen.File(third.outputs[0].path).tags["©wrt"] == ["E. Speak"]
    maker.change({"op": "set", "at": "cast/Rabbit.voice", "to": "espeak/gmw/en-GB-scotland"})
    assert sorted(maker.spoken(maker.render())) == sorted(
        f"{maker.line(words).id}.0" for words in ("Oh dear", "said the Rabbit", "Stop!")
    )


def test_no_film_hangs_on_who_was_looked_at_or_on_what_a_book_tells(maker: BookMaker) -> None:
    line = maker.line("Who is it")
    before = stamp_of(maker.document)
    maker.change({"op": "set", "at": f"lines/{line.id}.doubt", "to": None}, {"op": "set", "at": "book.date", "to": "1865"})
    assert stamp_of(maker.document) == before


def project(*shots: BoardShot, **cast: str) -> Project:
    members = {name: CastMember(voice=voice) for name, voice in {"Narrator": "", **cast}.items()}
    return Project(cast=members, book=BookDetails(credits=False), scenes=(BoardScene(id="c", title="One", shots=shots),))


def test_lines_in_one_voice_are_one_sentence_and_pauses_are_those_of_the_board() -> None:
    parts = (("a", "Tom", "“Go,”"), ("b", "", " he said, "), ("c1", "", "and went."))
    said = BoardShot(id="s", lines=tuple(BoardLine(id=name, who=who, text=text) for name, who, text in parts))
    told = [[(line.id, line.who, line.text) for line in shot.lines] for shot in as_spoken(project(said, Tom="")).shots()]
    assert told == [[("title-c", "", "One")], [("a", "", "“Go,” he said, and went.")]]
    told = [[(line.id, line.text) for line in shot.lines] for shot in as_spoken(project(said, Tom="espeak/gmw/en")).shots()]
    assert told[1] == [("a", "“Go,”"), ("b", " he said, and went.")]
    quick = said.model_copy(update={"lines": (said.lines[0], said.lines[1], said.lines[2].model_copy(update={"speed": 1.5}))})
    assert [len(shot.lines) for shot in as_spoken(project(quick)).shots()] == [1, 2]


def test_silence_is_that_of_chapters_scenes_paragraphs_and_speakers(maker: BookMaker) -> None:
    spoken = as_spoken(maker.document)
    pauses = VoiceoverSettings()
    script = book_script(spoken, maker.desk.speech.plans(spoken), pauses)
    before = {segment.id.rpartition(".")[0]: segment.pause_before for segment in script.plan.segments}
    chapters = {scene.title: scene.id for scene in maker.document.scenes}
    assert before[f"title-{chapters['The Pool']}"] == max(3.0, pauses.chapter_pause), "the silence of its line was set"
    assert before[maker.line("met the").id] == pauses.chapter_pause
    assert before[maker.line("Oh dear").id] == pauses.paragraph_pause
    assert before[maker.line("Wait").id] == pauses.scene_pause
    assert [one.title for one in script.plan.chapters] == ["Opening credits", "Down the Hole", "The Pool", "Closing credits"]
