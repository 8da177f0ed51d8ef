"""What a project is given out as, and an edited timeline that is taken back: only what it changed is made again."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pysubs2
import pytest

from capabilities.director.document.model import BoardLine, BoardScene, BoardShot, CastMember, Look, Project
from capabilities.director.film.desk import stamp_of
from capabilities.director.projects.collection import Projects
from capabilities.director.timeline.adopting import adopt
from capabilities.director.timeline.capability import ExportProject
from capabilities.director.timeline.exports import ProjectExports
from media.audio.audio import Audio
from media.audio.decode import decode_audio
from media.audio.encode import write_audio
from media.timeline.read_back import ReadClip, ReadEdit
from media.video.read import probe_video, read_frames
from media.video.write import count_pictures
from studio.errors import Cancelled, InvalidInput, MediaError
from studio.jobs.model import JobState
from tests.capabilities.director.film_maker import FilmMaker

HANDLE = 10


def board() -> Project:
    first = (
        BoardShot(id="a", see="hills", lines=(BoardLine(id="l1", text="The sun is up."),)),
        BoardShot(id="b", see="the sea", lines=(BoardLine(id="l2", who="Tom", text="No."), BoardLine(id="l3", text="Yes!"))),
    )
    second = (BoardShot(id="c", see="a forest", seconds=0.6), BoardShot(id="d", see="a lamp", seconds=0.8))
    scenes = (BoardScene(id="one", shots=first), BoardScene(id="two", shots=second))
    return Project(title="Sun & sea", cast={"Eva": CastMember(), "Tom": CastMember()}, look=Look(height=96), scenes=scenes)


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmMaker]:
    made = FilmMaker(tmp_path_factory.mktemp("exports") / "data", board())
    yield made
    made.studio.close()


def given(maker: FilmMaker, format: str, folder: Path, project: str = "") -> Path:
    exports = ProjectExports(maker.studio, maker.desk)
    return exports.write(project or maker.project.folder.name, format, folder)


def edited(path: Path) -> Any:
    return otio.adapters.read_from_file(str(path))


def taken(maker: FilmMaker, timeline: Any, folder: Path) -> Any:
    path = folder / "edited.otio"
    otio.adapters.write_to_file(timeline, str(path))
    return ProjectExports(maker.studio, maker.desk).take_back(maker.project.folder.name, path)


def lengthened(clip: Any, before: int, after: int) -> None:
    used = clip.source_range
    clip.source_range = otio.opentime.TimeRange(
        used.start_time - otio.opentime.RationalTime(before, 25), used.duration + otio.opentime.RationalTime(before + after, 25)
    )


def test_everything_holds_the_film_its_clips_with_handles_stems_subtitles_recipe_and_project(
    maker: FilmMaker, tmp_path: Path
) -> None:
    path = given(maker, "everything", tmp_path / "out")
    with zipfile.ZipFile(path) as bundle:
        bundle.extractall(tmp_path / "zip")
    place = tmp_path / "zip"
    names = {one.relative_to(place).as_posix() for one in place.rglob("*") if one.is_file()}
    assert names == {
        "README.txt", "film.mp4", "recipe.json", "project.zip",
        *(f"sun-sea.{end}" for end in ("otio", "edl", "fcpxml", "srt", "vtt", "ass")),
        "media/001-a.mp4", "media/002-b.mp4", "media/003-c.mp4", "media/004-d.mp4", "sound/01-eva.wav", "sound/02-tom.wav",
    }  # fmt: skip
    timeline = edited(place / "sun-sea.otio")
    film = probe_video(place / "film.mp4")
    for clip in timeline.tracks[0]:
        media = place / clip.media_reference.target_url
        assert count_pictures(media) == clip.available_range().duration.value == clip.duration().value + 2 * HANDLE
        assert clip.source_range.start_time.value == HANDLE
    second = [one.picture.astype(int) for one in read_frames(place / "media/002-b.mp4")]
    assert np.abs(second[0] - second[HANDLE]).mean() < 6, "the first picture stands still in the handle"
    assert timeline.duration().value == round(film.duration * 25)
    eva, tom = (decode_audio(place / f"sound/0{number}-{name}.wav").samples[:, 0] for number, name in ((1, "eva"), (2, "tom")))
    whole = decode_audio(place / "film.mp4")
    assert len(eva) == len(tom) == pytest.approx(film.duration * 48_000, abs=2)
    together = (eva + tom)[: len(whole.samples)]
    heard = whole.samples[: len(together), 0]
    assert np.corrcoef(together, heard)[0, 1] > 0.98, "the stems together are the film's sound"
    begins = int(timeline.tracks[0][1].range_in_parent().start_time.to_seconds() * 48_000)
    assert np.abs(tom[:begins]).max() == 0 < np.abs(tom[begins:]).max()
    subtitles = pysubs2.load(str(place / "sun-sea.ass"))
    assert [(line.name, line.plaintext) for line in subtitles] == [("Eva", "The sun is up."), ("Tom", "No."), ("Eva", "Yes!")]
    assert json.loads((place / "recipe.json").read_text())["project"] == maker.project.folder.name
    again = maker.desk.projects.take_in(place / "project.zip")
    assert [line.text for line in again.document.lines()] == ["The sun is up.", "No.", "Yes!"]
    assert not [one for one in path.parent.iterdir() if one != path], "nothing is left beside the export"


def test_everything_as_a_job_is_the_same_archive_in_the_library_past_a_stop(maker: FilmMaker, tmp_path: Path) -> None:
    name, work = maker.project.folder.name, tmp_path / "work"
    exports = maker.studio.capability(ExportProject).exports

    def stopped(share: float, note: str) -> None:
        if note.startswith("Clip 3"):
            raise Cancelled

    film = exports.spoken(name)
    with pytest.raises(Cancelled):
        exports.archive.write(film, "everything", "sun-sea", tmp_path / "no.zip", work, stopped)
    assert not (tmp_path / "no.zip").exists()
    kept = {path.name: path.stat().st_mtime_ns for path in (work / "content" / "media").glob("0*.mp4")}
    assert sorted(kept) == ["001-a.mp4", "002-b.mp4"]
    shares: list[float] = []
    exports.archive.write(film, "everything", "sun-sea", tmp_path / "yes.zip", work, lambda share, note: shares.append(share))
    assert shares == sorted(shares) and shares[-1] > 0.9
    assert all((work / "content" / "media" / one).stat().st_mtime_ns == then for one, then in kept.items())

    job = maker.studio.jobs.wait(maker.studio.jobs.submit("export_project", {"project": name, "format": "stems"}).id, 60)
    assert job.state is JobState.DONE, job.error
    output = maker.studio.library.get(job.outputs[0].id)
    assert output.path.name.startswith("sun-sea-stems") and output.terms.licence
    with zipfile.ZipFile(output.path) as stems, zipfile.ZipFile(tmp_path / "yes.zip") as everything:
        for sound in ("sound/01-eva.wav", "sound/02-tom.wav"):
            assert stems.read(sound) == everything.read(sound)


def test_an_edited_timeline_gives_order_and_lengths_and_makes_only_what_changed(maker: FilmMaker, tmp_path: Path) -> None:
    version = maker.project.document.version
    timeline = edited(given(maker, "otio", tmp_path))
    assert taken(maker, timeline, tmp_path).adoption.changes == ()
    assert maker.project.document.version == version, "an edit that changes nothing is no change"

    pictures = timeline.tracks[0]
    lengthened(pictures[1], 5, 5)
    lengthened(pictures[3], 0, 7)
    pictures.insert(0, pictures.pop(2))
    done = taken(maker, timeline, tmp_path).adoption
    assert (set(done.resized), set(done.moved), done.removed, done.notes) == ({"b", "d"}, {"c"}, (), ())
    assert [shot.id for shot in maker.project.document.shots()] == ["c", "a", "b", "d"]
    assert maker.made(maker.render()) == {"scene b": 1, "scene d": 1}
    now = edited(given(maker, "otio", tmp_path))
    assert [(one.metadata["greenroom"]["shot"], one.duration().value) for one in now.tracks[0]] == [
        (one.metadata["greenroom"]["shot"], one.duration().value) for one in pictures
    ]
    assert taken(maker, timeline, tmp_path).adoption.changes == (), "the same edit once more changes nothing"

    maker.project.undo()
    assert [shot.id for shot in maker.project.document.shots()] == ["a", "b", "c", "d"], "one step back"
    assert maker.made(maker.render()) == {}


def test_words_are_never_cut_and_what_is_not_taken_is_told(maker: FilmMaker, tmp_path: Path) -> None:
    timeline = edited(given(maker, "otio", tmp_path))
    pictures = timeline.tracks[0]
    spoken = maker.desk.read(maker.project.document).timelines["a"]
    assert spoken is not None
    lengthened(pictures[0], -14, -18)
    pictures[1].metadata.clear()
    pictures[1].effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    del pictures[3]
    pictures.append(otio.schema.Clip("holiday", source_range=pictures[0].source_range))
    done = taken(maker, timeline, tmp_path).adoption
    assert [note.code for note in done.notes] == ["project.speed-left", "project.clip-unknown", "project.words-kept"]
    assert done.removed == ("d",)
    shot = next(maker.project.document.shots())
    assert (shot.lead, shot.tail) == (0.0, 0.0)
    state = maker.desk.state(maker.project.document, maker.project.folder)
    assert state.shots[0].seconds == pytest.approx(spoken.duration, abs=0.041)
    maker.project.undo()
    with pytest.raises(InvalidInput) as refused:
        adopt(maker.project.document, ReadEdit((ReadClip("", "x", "y.mp4", 0, 5),)), {})
    assert refused.value.code == "project.not-this-film"
    (tmp_path / "no.otio").write_text("no")
    with pytest.raises(MediaError):
        ProjectExports(maker.studio, maker.desk).take_back(maker.project.folder.name, tmp_path / "no.otio")


@pytest.mark.parametrize("seed", range(40))
def test_any_order_with_pieces_and_gaps_becomes_the_order_of_the_board(seed: int, tmp_path: Path) -> None:
    chance = np.random.default_rng(seed)
    scenes, shots = int(chance.integers(1, 4)), 9
    held: list[list[BoardShot]] = [[] for _ in range(scenes)]
    for number in range(shots):
        held[number * scenes // shots].append(BoardShot(id=f"s{number}", seconds=1.0))
    project = Project(title="x", scenes=tuple(BoardScene(id=f"c{at}", shots=tuple(one)) for at, one in enumerate(held)))
    kept = [f"s{number}" for number in chance.permutation(shots)[: int(chance.integers(1, shots + 1))]]
    clips: list[ReadClip] = []
    for id in kept:
        clips += [ReadClip(id, id, "", 10, 15, 1.0, 10, 25), ReadClip("", id, f"001-{id}.mp4", 25, 10, 1.0, 10, 25)]
    adoption = adopt(project, ReadEdit(tuple(clips)), {})
    projects = Projects(tmp_path / "projects", maker_files())
    made = projects.make(project)
    if adoption.changes:
        made.update(adoption.changes)
    assert [shot.id for shot in made.document.shots()] == kept
    assert adoption.resized == ()
    assert len(adoption.moved) < len(kept), "what stands in order stays"


def maker_files() -> Any:
    class Files:
        def in_changes(self, folder: Path, changes: Any) -> Any:
            return changes

    return Files()


def test_a_film_does_not_hang_on_what_was_said_about_its_rows() -> None:
    project = board()
    said = project.model_copy(update={"version": 9, "scenes": tuple(
        scene.model_copy(update={"shots": tuple(
            shot.model_copy(update={"approved": True, "locked": True, "marked": True}) for shot in scene.shots
        )})
        for scene in project.scenes
    )})  # fmt: skip
    assert stamp_of(said) == stamp_of(project)
    assert stamp_of(project.model_copy(update={"scenes": project.scenes[:1]})) != stamp_of(project)


def test_what_was_not_made_is_refused_in_words(maker: FilmMaker, tmp_path: Path) -> None:
    fresh = maker.desk.projects.make(
        Project(title="New", scenes=(BoardScene(shots=(BoardShot(lines=(BoardLine(text="Not yet said."),)),)),))
    )
    for format, code in (("otio", "project.not-spoken"), ("stems", "project.not-spoken"), ("avi", "project.format-unknown")):
        with pytest.raises(InvalidInput) as told:
            given(maker, format, tmp_path, fresh.folder.name)
        assert told.value.code == code
    maker.change({"op": "set", "at": "look.height", "to": 98})
    with pytest.raises(InvalidInput) as told:
        given(maker, "everything", tmp_path)
    assert told.value.code == "project.film-not-made"
    with pytest.raises(InvalidInput, match="no film of the board"):
        maker.studio.jobs.submit("export_project", {"project": maker.project.folder.name})
    maker.project.undo()
    assert not list(tmp_path.iterdir()), "a refused export leaves nothing"


def test_music_is_led_under_the_speech_and_is_a_stem_of_its_own(maker: FilmMaker, tmp_path: Path) -> None:
    times = np.arange(48_000) / 48_000
    tune = maker.studio.paths.root / "uploads" / "tune.wav"
    tune.parent.mkdir(exist_ok=True)
    write_audio(tune, Audio(0.3 * np.sin(2 * np.pi * 440 * times)[:, None].astype(np.float32), 48_000), "wav")
    maker.change({"op": "set", "at": "music.file", "to": str(tune)}, {"op": "set", "at": "shots/c.seconds", "to": 4.0})
    job = maker.render()
    assert maker.made(job) == {"scene c": 1}, "music makes no picture anew"
    sound = decode_audio(Path(job.outputs[0].path)).samples[:, 0]
    with zipfile.ZipFile(given(maker, "stems", tmp_path)) as bundle:
        bundle.extractall(tmp_path)
    music = decode_audio(tmp_path / "sound/00-music.wav").samples[:, 0]
    state = maker.desk.state(maker.project.document, maker.project.folder)
    begins = [sum(shot.seconds for shot in state.shots[:number]) for number in range(4)]
    spoken = music[int((begins[1] + 0.6) * 48_000) :][:9_600]
    alone = music[int((begins[2] + 2.0) * 48_000) :][:9_600]
    lower = 20 * np.log10(np.sqrt(np.mean(alone**2)) / np.sqrt(np.mean(spoken**2)))
    assert lower == pytest.approx(14, abs=1.5), "the music makes room for speech"
    heard = sound[int((begins[2] + 2.0) * 48_000) :][:9_600]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.fft.rfftfreq(len(heard), 1 / 48_000)[spectrum.argmax()] == pytest.approx(440, abs=6)
    maker.project.undo()
