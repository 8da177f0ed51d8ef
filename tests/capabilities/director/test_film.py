"""Films: everything that a board asks for is in the file, and a change makes what hangs on it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from capabilities.director.document.change import read_changes
from capabilities.director.document.model import BoardLine, BoardScene, BoardShot, CastMember, Look, Project
from capabilities.director.film.speech import LineSpeech
from capabilities.director.writing.capability import WriteBoard
from media.audio.decode import decode_audio
from media.video.read import probe_video, read_frames
from studio.errors import GreenroomError, InvalidInput
from studio.jobs.model import JobState
from studio.settings import HOME
from tests.capabilities.director.film_maker import FilmMaker


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmMaker]:
    made = FilmMaker(tmp_path_factory.mktemp("films") / "data")
    yield made
    made.studio.close()


def test_the_film_holds_what_the_board_says(maker: FilmMaker) -> None:
    made = maker.made(maker.first)
    assert made == {
        "scene s2": 1, "scene s3": 1, "scene s4": 1, "talk s1": 1, "talk s3": 1, "compose s1": 1, "compose s3": 1, "sentence": 4,
    }  # fmt: skip
    output = maker.studio.library.get(maker.first.outputs[0].id)
    info = probe_video(output.path)
    state = maker.desk.state(maker.project.document, maker.project.folder)
    assert (info.width, info.height) == (256, 144)
    assert info.duration == pytest.approx(state.seconds, abs=0.05)
    assert state.sentences == state.steps == 0
    assert all(shot.ready for shot in state.shots)
    assert np.abs(decode_audio(output.path).samples).max() > 0.1
    endings = {path.suffix for path in output.companions}
    assert {".srt", ".vtt", ".json", ".jpg"} <= endings
    told = next(path for path in output.companions if path.suffix == ".srt").read_text("utf-8")
    assert all(words in told for words in ("Good evening.", "The sun is up.", "Look!", "And then it sets."))
    pictures = [frame.picture for frame in read_frames(output.path)]
    first = [int(shot.seconds * 25) for shot in state.shots]
    corner = [picture[10:50, 200:245].astype(int) for picture in pictures]
    at = sum(first[:2]) + 20
    assert np.abs(corner[at] - corner[first[0] + 20]).mean() > 20, "who speaks is in the corner of the third shot"
    assert output.terms.licence


def test_nothing_is_made_twice_and_a_change_makes_what_hangs_on_it(maker: FilmMaker) -> None:
    assert maker.made(maker.render()) == {}
    maker.change({"op": "set", "at": "lines/l2.text", "to": "The sun is up again."})
    assert maker.made(maker.render()) == {"sentence": 1, "scene s2": 1}
    maker.change({"op": "set", "at": "cast/Tom.portrait", "to": "samples/astronaut.png"})
    assert maker.made(maker.render()) == {"talk s3": 1, "compose s3": 1}
    maker.change({"op": "move", "at": "shots/s4", "to": "scenes/c", "after": ""})
    assert maker.made(maker.render()) == {}, "another order is joined anew, and nothing is made"
    maker.studio.pronunciations.set("sets", "goes down")
    assert maker.made(maker.render()) == {"sentence": 1, "scene s3": 1, "talk s3": 1, "compose s3": 1}
    maker.studio.pronunciations.delete(maker.studio.pronunciations.list()[0].id)
    maker.project.undo()
    maker.project.undo()
    maker.project.undo()
    assert maker.made(maker.render()) == {}, "what was undone is still there"


def test_a_picture_hangs_on_the_length_of_its_sound_and_lips_on_the_sound(maker: FilmMaker) -> None:
    """Without words in the picture, other words of the same length leave a painted scene alone."""
    maker.change({"op": "set", "at": "captions.mode", "to": "soft"})
    maker.render()
    project = maker.project.document
    read = maker.desk.read(project)
    seconds = {name: one.duration if one else 0.0 for name, one in read.timelines.items()}
    plan = maker.desk.plan(project, maker.project.folder, read.timelines, seconds)
    other = dict(read.timelines)
    silent_now = maker.desk.plan(project, maker.project.folder, {**other, "s2": None, "s1": None}, seconds)
    by_id = {shot.board.id: shot for shot in plan.shots}
    now = {shot.board.id: shot for shot in silent_now.shots}
    assert now["s2"].result.key == by_id["s2"].result.key
    assert now["s1"].result.key != by_id["s1"].result.key
    maker.project.undo()


def test_what_nobody_approved_is_made_on_request_only(maker: FilmMaker) -> None:
    with pytest.raises(InvalidInput) as refused:
        maker.studio.jobs.submit("render_film", {"project": maker.project.folder.name})
    assert refused.value.code == "project.not-approved"
    maker.change(*({"op": "set", "at": f"shots/s{number}.approved", "to": True} for number in range(1, 5)))
    spec = {"project": maker.project.folder.name}
    job = maker.studio.jobs.wait(maker.studio.jobs.submit("render_film", spec).id, 60)
    assert job.state is JobState.DONE, job.error
    maker.project.undo()


def test_what_cannot_be_spoken_or_shown_names_its_row(maker: FilmMaker) -> None:
    maker.change({"op": "set", "at": "cast/Tom.voice", "to": "nobody-here"})
    with pytest.raises(Exception, match="Row 3"):
        maker.desk.state(maker.project.document, maker.project.folder)
    maker.project.undo()
    empty = maker.desk.projects.make(Project(title="Empty"))
    with pytest.raises(InvalidInput, match="no shot"):
        maker.studio.jobs.submit("render_film", {"project": empty.folder.name, "approve": True})


def test_a_clip_and_a_picture_of_ones_own_fill_their_shots(maker: FilmMaker) -> None:
    uploads = maker.studio.paths.root / "uploads"
    uploads.mkdir(exist_ok=True)
    clip = uploads / "own.mp4"
    clip.write_bytes(maker.studio.library.get(maker.first.outputs[0].id).path.read_bytes())
    picture = uploads / "own.png"
    picture.write_bytes((HOME / "assets/portraits/astronaut.png").read_bytes())
    shots = (
        BoardShot(id="a", show="clip", file=str(clip), seconds=1.0),
        BoardShot(id="b", show="picture", file=str(picture), seconds=1.0),
    )
    made = maker.desk.projects.make(Project(title="Own", look=Look(height=144, ratio="9:16"), scenes=(BoardScene(shots=shots),)))
    job = maker.render(made)
    assert maker.made(job) == {"clip a": 1, "scene b": 1}
    info = probe_video(Path(job.outputs[0].path))
    assert (info.width, info.height) == (144, 256)
    assert info.duration == pytest.approx(2.0, abs=0.05)


def test_the_time_is_told_from_what_was_measured_here(maker: FilmMaker) -> None:
    state = maker.desk.state(maker.project.document, maker.project.folder)
    assert state.price.measured
    again = maker.desk.state(maker.project.document.model_copy(update={"look": Look(height=1080)}), maker.project.folder)
    assert not again.price.measured
    assert again.price.seconds > state.price.seconds


def test_an_edit_of_a_long_board_plans_its_own_line_and_no_other(maker: FilmMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [BoardLine(id=f"n{number}", text=f"Lamp number {number} went out.") for number in range(120)]
    shots = tuple(BoardShot(lines=(one,)) for one in lines)
    long = Project(title="Long", language="en", cast={"Eva": CastMember()}, scenes=(BoardScene(shots=shots),))
    made = maker.desk.projects.make(long)
    planned: list[str] = []
    plan = LineSpeech._planned

    def counted(speech: LineSpeech, line: BoardLine, *given: Any) -> Any:
        planned.append(line.id)
        return plan(speech, line, *given)

    monkeypatch.setattr(LineSpeech, "_planned", counted)
    maker.desk.state(made.document, made.folder)
    assert len(planned) == 120
    made.update(read_changes([{"op": "set", "at": "lines/n3.text", "to": "Another lamp went on."}]))
    maker.desk.state(made.document, made.folder)
    assert planned[120:] == ["n3"]


class Speaking:
    """Stands for the language service: a model that answers each question as the studio's questions want it."""

    def status(self) -> Any:
        return SimpleNamespace(source="server", model="Small Model", kind="other")

    @contextmanager
    def model_in_use(self, *given: object) -> Iterator[Any]:
        yield SimpleNamespace(name="Small Model")

    def ask_shaped(self, mind: Any, request: Any, check: Any, cancelled: Any) -> Any:
        question = request.messages[-1].content
        if question.startswith("Topic"):
            return SimpleNamespace(value=check({"points": [f"{word} has a sentence of its own" for word in NUMBERS]}))
        word = next(one for one in NUMBERS if one in question)
        said = " ".join(word * times for times in range(1, 5)) + ". " + " ".join(word * times for times in range(5, 9)) + "."
        return SimpleNamespace(value=check({"say": said, "see": word}))


NUMBERS = ("Alpha", "Bravo", "Carol", "Delta", "Eagle")


def test_a_board_by_a_language_model_is_a_job_whose_history_names_the_project(
    maker: FilmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GreenroomError) as refused:
        maker.studio.jobs.submit("write_board", {"topic": "why lamps burn"})
    assert refused.value.code == "llm.none"
    monkeypatch.setattr(maker.studio.capability(WriteBoard), "_language", Speaking())
    job = maker.studio.jobs.wait(maker.studio.jobs.submit("write_board", {"topic": "why lamps burn"}).id, 30)
    assert job.state is JobState.DONE, job.error
    named = next(event.data["id"] for event in maker.studio.jobs.events(job.id) if event.kind == "project")
    document = maker.desk.projects.get(named).document
    assert [shot.see for shot in document.shots()] == list(NUMBERS)
    assert (document.origin.by, document.origin.facts) == ("Small Model", "not checked")
