"""Signed copies of outputs: the file in the library stays as it is, and the chain of what it was made from is in the copy."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from media.audio.decode import decode_audio
from studio.errors import InvalidInput, NotFound
from studio.library import Library, LibraryOutput, Recipe
from studio.provenance import process
from studio.provenance.process import SigningFailed
from studio.provenance.provenance import Provenance
from studio.provenance.signed_copies import SignedCopies
from studio.provenance.statement import Mark
from studio.settings import LibrarySettings
from tests.studio.provenance.samples import write_sample


class Shelf:
    """A library with outputs of any kind, and the copies of it."""

    def __init__(self, folder: Path, provenance: Provenance) -> None:
        self._folder = folder
        self.library = Library(folder / "outputs", LibrarySettings())
        self.copies = SignedCopies(provenance, self.library, folder / "cache")

    def add(self, kind: str, ending: str, job: str, *parents: LibraryOutput) -> LibraryOutput:
        staged = write_sample(self._folder, ending)
        recipe = Recipe(kind=job, job="", engine="kokoro", parents=tuple(one.id for one in parents))
        return self.library.add(staged, kind, "To my dear son", recipe)


@pytest.fixture
def shelf(tmp_path: Path, provenance: Provenance) -> Shelf:
    return Shelf(tmp_path, provenance)


def test_the_copy_is_signed_and_the_output_stays_as_it_is(shelf: Shelf, provenance: Provenance) -> None:
    output = shelf.add("audio", "wav", "voiceover")
    before = output.path.read_bytes()
    copy = shelf.copies.get(output.id)
    assert (copy.name, output.path.read_bytes()) == (output.id, before)
    found = provenance.check(copy)
    assert found.holds and found.ours and found.recipe["kind"] == "voiceover"
    assert (decode_audio(copy).samples == decode_audio(output.path).samples).all()
    assert b"dear son" not in copy.read_bytes()
    content = copy.read_bytes()
    assert shelf.copies.get(output.id).read_bytes() == content, "made once"
    assert [one.id for one in shelf.library.list()] == [output.id]


def test_a_chain_of_outputs_is_in_the_last_copy(shelf: Shelf, provenance: Provenance) -> None:
    voice = shelf.add("audio", "wav", "voiceover")
    face = shelf.add("video", "mp4", "lip_sync", voice)
    larger = shelf.add("video", "mp4", "upscale", face)
    film = shelf.add("video", "mp4", "render_film", larger, voice)
    found = provenance.check(shelf.copies.get(film.id))
    assert found.holds and found.statements == 4
    assert [(one.relation, one.mark) for one in found.ingredients] == [("componentOf", Mark.HOLDS)] * 2
    opened = provenance.check(shelf.copies.get(larger.id))
    assert [one.action for one in opened.actions] == ["c2pa.opened", "c2pa.edited"]


def test_after_a_parent_was_deleted_the_copy_is_made_without_it(shelf: Shelf, provenance: Provenance) -> None:
    voice = shelf.add("audio", "wav", "voiceover")
    face = shelf.add("video", "mp4", "lip_sync", voice)
    shelf.library.delete(voice.id, for_good=True)
    assert provenance.check(shelf.copies.get(face.id)).ingredients == ()


def test_recipes_that_lead_round_in_a_circle_end(shelf: Shelf, provenance: Provenance) -> None:
    first = shelf.add("audio", "wav", "voiceover")
    second = shelf.add("audio", "wav", "voiceover", first)
    recipe = first.path.with_suffix(".recipe.json")
    recipe.write_text(recipe.read_text("utf-8").replace('"parents": []', f'"parents": ["{second.id}"]'), "utf-8")
    assert provenance.check(shelf.copies.get(second.id)).holds


@pytest.mark.parametrize(("kind", "ending"), [("audio", "opus"), ("subtitles", "srt")])
def test_what_holds_no_statement_comes_with_it_in_a_zip(
    shelf: Shelf, provenance: Provenance, tmp_path: Path, kind: str, ending: str
) -> None:
    output = shelf.add(kind, ending, "voiceover")
    copy = shelf.copies.get(output.id)
    assert copy.suffix == ".zip"
    with zipfile.ZipFile(copy) as archive:
        assert sorted(archive.namelist()) == [output.id, f"{output.id}.c2pa"]
        archive.extractall(tmp_path / "out")
    found = provenance.check(tmp_path / "out" / output.id)
    assert found.holds and found.ours


def test_a_text_is_not_signed_and_says_so(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Good morning.")
    text = shelf.library.add(tmp_path / "a.txt", "text", "A text", Recipe(kind="transcription", job=""))
    with pytest.raises(InvalidInput) as failed:
        shelf.copies.get(text.id)
    assert failed.value.code == "provenance.not-signed"
    with pytest.raises(NotFound):
        shelf.copies.get("nothing.wav")


def test_a_failure_leaves_no_copy_and_the_next_attempt_makes_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    output = shelf.add("audio", "wav", "voiceover")

    def fail(request: object) -> None:
        raise SigningFailed("provenance.child-ended", status=-9)

    with monkeypatch.context() as patch:
        patch.setattr(process, "run_sign", fail)
        with pytest.raises(SigningFailed):
            shelf.copies.get(output.id)
    assert shelf.copies.get(output.id).is_file()


def test_a_renamed_output_gets_a_copy_anew_and_a_lost_cache_is_no_loss(shelf: Shelf, tmp_path: Path) -> None:
    output = shelf.add("audio", "wav", "voiceover")
    first = shelf.copies.get(output.id)
    shutil.rmtree(tmp_path / "cache")
    assert shelf.copies.get(output.id).name == first.name
