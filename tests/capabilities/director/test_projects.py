"""Projects on the disk: journal, undo, two editors, snapshots, bundles."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from capabilities.common.inputs import InputResolver
from capabilities.director.document.change import Change, read_changes
from capabilities.director.document.model import BoardLine, BoardScene, BoardShot, CastMember, Project
from capabilities.director.errors import ProjectConflict
from capabilities.director.projects.collection import Projects
from capabilities.director.projects.files import ProjectFiles
from studio.errors import GreenroomError, InvalidInput, NotFound, StorageError
from studio.library import Library
from studio.settings import HOME, Settings


def one(at: str, to: object) -> tuple[Change, ...]:
    return read_changes([{"op": "set", "at": at, "to": to}])


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], Projects]:
    samples, uploads = HOME / "assets/portraits", tmp_path / "uploads"
    uploads.mkdir()
    library = Library(tmp_path / "outputs", Settings().library)
    resolver = InputResolver(library, (uploads, samples))
    return lambda: Projects(tmp_path / "projects", ProjectFiles(resolver, samples))


def board() -> Project:
    shots = tuple(BoardShot(id=f"s{n}", lines=(BoardLine(id=f"l{n}", text=f"Line {n}."),)) for n in range(4))
    return Project(title="Lamps at night", cast={"Eva": CastMember()}, scenes=(BoardScene(id="c", shots=shots),))


def test_a_change_outlives_a_server_that_writes_nothing_more(opened: Callable[[], Projects]) -> None:
    made = opened().make(board())
    assert made.folder.name == "lamps-at-night"
    made.update(one("lines/l2.text", "Changed."), 0, "me", "words")
    made.update(read_changes([{"op": "insert", "at": "scenes/c", "item": {"lines": [{"text": "Added."}]}}]))
    after = made.document
    assert yaml.safe_load((made.folder / "project.yaml").read_text())["version"] == 0, "the YAML is written later"
    found = opened().get("lamps-at-night")
    assert found.document == after
    found.write()
    assert yaml.safe_load((made.folder / "project.yaml").read_text())["scenes"][0]["shots"][2]["lines"][0]["text"] == "Changed."
    assert opened().get("lamps-at-night").document == after
    assert opened().get("lamps-at-night").can_undo, "undo goes back beyond the end of the server"


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_an_unfinished_line_of_the_journal_is_left_out_and_the_rest_is_kept(opened: Callable[[], Projects], cut: int) -> None:
    made = opened().make(board())
    made.update(one("lines/l1.text", "First."))
    made.update(one("lines/l2.text", "Second, which was not finished." * 9))
    journal = made.folder / "changes.jsonl"
    journal.write_bytes(journal.read_bytes()[:-cut])
    found = opened().get(made.folder.name)
    assert [line.text for line in found.document.lines()] == ["Line 0.", "First.", "Line 2.", "Line 3."]
    found.update(one("lines/l3.text", "Third."))
    assert opened().get(made.folder.name).document == found.document


def test_two_editors_merge_and_the_same_field_is_a_conflict_that_tells_both(opened: Callable[[], Projects]) -> None:
    made = opened().make(board())
    made.update(one("lines/l1.text", "Theirs."), 0, "A")
    made.update(one("lines/l2.text", "Mine."), 0, "B")
    made.update(one("lines/l1.text", "Theirs."), 0, "B")  # the same value is no quarrel
    with pytest.raises(ProjectConflict) as told:
        made.update(one("lines/l1.text", "Mine too."), 0, "B")
    assert told.value.parameters == {"version": 3, "at": "lines/l1.text", "yours": "Mine too.", "theirs": "Theirs."}
    made.update(read_changes([{"op": "delete", "at": "shots/s3"}]), 3, "A")
    with pytest.raises(ProjectConflict, match="took shots/s3 out"):
        made.update(read_changes([{"op": "move", "at": "shots/s3", "to": "scenes/c", "after": ""}]), 3, "B")
    with pytest.raises(ProjectConflict):
        made.update(read_changes([{"op": "replace", "item": {"title": "x"}}]), 0, "B")
    assert [line.text for line in made.document.lines()] == ["Line 0.", "Theirs.", "Mine."]
    with pytest.raises(InvalidInput):
        made.update(one("lines/l1.text", "x"), 99)


def test_changes_of_one_call_are_all_made_or_none(opened: Callable[[], Projects]) -> None:
    made = opened().make(board())
    with pytest.raises(NotFound):
        made.update((*one("lines/l1.text", "x"), *one("lines/none.text", "x")))
    assert made.document.version == 0
    assert [line.text for line in made.document.lines()][1] == "Line 1."


def test_undo_and_redo_go_as_far_as_there_were_changes(opened: Callable[[], Projects]) -> None:
    made = opened().make(board())
    texts = [made.document.scenes]
    for number in range(3):
        made.update(one("lines/l0.text", f"Text {number}."))
        texts.append(made.document.scenes)
    for wanted in reversed(texts[:-1]):
        made.undo()
        assert made.document.scenes == wanted
    with pytest.raises(InvalidInput):
        made.undo()
    made.redo()
    made.redo()
    assert made.document.scenes == texts[2]
    made.update(one("lines/l3.text", "Another way."))
    assert not made.can_redo
    made.undo()
    made.undo()
    assert made.document.scenes == texts[1]


def test_a_locked_shot_is_changed_by_unlocking_first(opened: Callable[[], Projects]) -> None:
    made = opened().make(board())
    made.update(one("shots/s1.locked", True))
    for given in ([{"op": "set", "at": "lines/l1.text", "to": "x"}], [{"op": "delete", "at": "scenes/c"}]):
        with pytest.raises(InvalidInput, match="locked"):
            made.update(read_changes(given))
    made.update(one("shots/s1.approved", True))
    made.update((*one("shots/s1.locked", False), *one("lines/l1.text", "Now.")))
    assert [line.text for line in made.document.lines()][1] == "Now."


def test_a_full_disk_changes_nothing(opened: Callable[[], Projects], monkeypatch: pytest.MonkeyPatch) -> None:
    made = opened().make(board())

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("capabilities.director.projects.journal.os.fsync", full)
        with pytest.raises(StorageError):
            made.update(one("lines/l1.text", "x"))
    assert made.document.version == 0
    made.update(one("lines/l1.text", "y"))
    assert opened().get(made.folder.name).document == made.document


def test_snapshots_duplicates_archives_and_deletions(opened: Callable[[], Projects], tmp_path: Path) -> None:
    projects = opened()
    made = projects.make(board())
    kept = projects.snapshot(made.folder.name, "Before the cut")
    made.update(read_changes([{"op": "delete", "at": "scenes/c"}]))
    projects.restore(made.folder.name, kept.id)
    assert len(list(made.document.lines())) == 4
    made.undo()
    assert not made.document.scenes
    assert [snapshot.name for snapshot in projects.snapshots(made.folder.name)] == ["before the cut"]
    copy = projects.duplicate(made.folder.name)
    assert (copy.folder.name, copy.document.title) == ("lamps-at-night-copy", "Lamps at night (copy)")
    projects.update(copy.folder.name, one("project.archived", True))
    assert [row.id for row in projects.list()] == ["lamps-at-night"]
    assert [row.id for row in projects.list(archived=True)] == ["lamps-at-night-copy"]
    key = projects.delete(made.folder.name)
    assert projects.list() == []
    with pytest.raises(NotFound):
        projects.get(made.folder.name)
    projects.take_back(key)
    assert [row.lines for row in projects.list()] == [0]
    assert opened().get("lamps-at-night").document.version == made.document.version


def test_uploads_are_kept_in_the_project_and_go_with_it_as_one_file(opened: Callable[[], Projects], tmp_path: Path) -> None:
    projects = opened()
    upload = tmp_path / "uploads/My Photo.png"
    upload.write_bytes((HOME / "assets/portraits/astronaut.png").read_bytes())
    made = projects.make(board())
    name = made.folder.name
    projects.update(name, one("shots/s1.file", str(upload)))
    projects.update(name, one("cast/Eva.portrait", str(HOME / "assets/portraits/mona-lisa.jpg")))
    upload.unlink()
    held = next(shot.file for shot in made.document.shots() if shot.file)
    assert held.startswith("files/my-photo-")
    assert made.document.cast["Eva"].portrait == "samples/mona-lisa.jpg"
    for wrong in ("/etc/passwd", "files/../project.yaml", "samples/../../VERSION", "files/none.png"):
        with pytest.raises(GreenroomError):
            projects.update(name, one("shots/s2.file", wrong))
    target = tmp_path / "lamps.zip"
    projects.export(name, target)
    again = projects.take_in(target)
    assert again.folder.name == "lamps-at-night-2"
    assert (again.folder / held).read_bytes() == (made.folder / held).read_bytes()
    assert again.document.scenes == made.document.scenes
    assert projects.take_in(_yaml_alone(tmp_path)).document.title == "Alone"


def _yaml_alone(folder: Path) -> Path:
    path = folder / "alone.yaml"
    path.write_text("format: 1\ntitle: Alone\nscenes: [{shots: [{lines: [{text: Hello.}]}]}]\n")
    return path


@pytest.mark.parametrize("entry", ["../evil.txt", "files/../../evil.txt", "/abs.txt", "files/a/b.txt", "other.txt"])
def test_a_bundle_that_holds_what_no_bundle_holds_is_refused(opened: Callable[[], Projects], tmp_path: Path, entry: str) -> None:
    path = tmp_path / "wrong.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("project.yaml", "title: x")
        bundle.writestr(entry, "evil")
    projects = opened()
    with pytest.raises(InvalidInput):
        projects.take_in(path)
    assert projects.list() == []
    assert not list(projects.folder.glob(".*")), "nothing is left behind"


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_bundle_that_is_damaged_within_is_refused_in_words(
    opened: Callable[[], Projects], tmp_path: Path, packing: int
) -> None:
    path = tmp_path / "broken.zip"
    with zipfile.ZipFile(path, "w", packing) as bundle:
        bundle.writestr("project.yaml", "title: " + "A film about the sea. " * 400)
        first = bundle.infolist()[0]
    data = bytearray(path.read_bytes())
    start = 30 + len(first.filename)
    data[start + 12 : start + first.compress_size] = b"\xff" * (first.compress_size - 12)
    path.write_bytes(data)
    projects = opened()
    with pytest.raises(InvalidInput) as refused:
        projects.take_in(path)
    assert refused.value.code == "project.not-bundle"
    assert projects.list() == []


def test_a_damaged_project_is_listed_with_the_reason_and_the_others_open(opened: Callable[[], Projects]) -> None:
    made = opened().make(board())
    other = opened().make(board())
    (made.folder / "project.yaml").write_text("title: [")
    rows = {row.id: row.damage for row in opened().list()}
    assert "line" in rows[made.folder.name]
    assert rows[other.folder.name] == ""


def test_an_edit_of_a_large_project_touches_no_yaml_and_little_else(opened: Callable[[], Projects]) -> None:
    """1,000 shots of two lines: what an edit writes is one line of the journal, however large the project is."""
    shots = tuple(BoardShot(id=f"s{n}", lines=(BoardLine(id=f"a{n}", text="x" * 60), BoardLine(id=f"b{n}"))) for n in range(1000))
    made = opened().make(Project(title="Long", scenes=(BoardScene(shots=shots),)))
    before = (made.folder / "project.yaml").stat().st_mtime_ns
    for number in range(20):
        made.update(one(f"lines/a{number * 40}.text", f"Changed {number}."), made.document.version)
    assert (made.folder / "project.yaml").stat().st_mtime_ns == before
    journal = (made.folder / "changes.jsonl").read_bytes()
    assert len(journal) < 20 * 500
    assert len([json.loads(line) for line in journal.splitlines()]) == 20
