"""The document of a project and changes to it."""

from __future__ import annotations

import pytest

from capabilities.director.document.change import read_changes
from capabilities.director.document.changes import apply_all
from capabilities.director.document.model import BoardLine, BoardScene, BoardShot, CastMember, Project
from capabilities.director.projects.yaml_file import as_yaml, read_project
from studio.errors import InvalidInput, NotFound


def project() -> Project:
    shots = (
        BoardShot(id="s1", lines=(BoardLine(id="l1", text="One."), BoardLine(id="l2", who="Ada", text="Two."))),
        BoardShot(id="s2", show="presenter", lines=(BoardLine(id="l3", text="Three: 3 « ü »\nand a line."),)),
    )
    scenes = (BoardScene(id="c1", title="First", shots=shots), BoardScene(id="c2", title="Second", shots=(BoardShot(id="s3"),)))
    return Project(id="p", title="Lamps", cast={"Eva": CastMember(voice="x"), "Ada": CastMember()}, scenes=scenes)


CHANGES: list[list[dict[str, object]]] = [
    [{"op": "set", "at": "lines/l1.text", "to": "Uno."}],
    [{"op": "set", "at": "look.ratio", "to": "9:16"}, {"op": "set", "at": "project.title", "to": "Lights"}],
    [{"op": "set", "at": "cast/Ada.voice", "to": "linda"}],
    [{"op": "insert", "at": "shots/s1", "after": "l1", "item": {"text": "Between."}}],
    [{"op": "insert", "at": "scenes/c2", "after": "", "item": {"id": "s9", "lines": [{"text": "New."}]}}],
    [{"op": "insert", "at": "cast/Tom", "item": {"gender": "male"}}],
    [{"op": "delete", "at": "shots/s1"}, {"op": "delete", "at": "cast/Ada"}],
    [{"op": "delete", "at": "lines/l1"}],
    [{"op": "move", "at": "shots/s1", "to": "scenes/c2", "after": "s3"}],
    [{"op": "move", "at": "scenes/c2", "to": "project", "after": ""}],
    [{"op": "move", "at": "lines/l2", "to": "shots/s1", "after": ""}],
    [{"op": "rename", "at": "cast/Ada", "to": "Ada Byron"}],
    [{"op": "replace", "item": {"title": "Another", "scenes": [{"shots": [{"lines": [{"text": "x"}]}]}]}}],
]


@pytest.mark.parametrize("given", CHANGES)
def test_a_change_changes_and_its_inverse_takes_it_back_and_doing_it_again_gives_the_same(given: list[dict[str, object]]) -> None:
    before = project()
    done = apply_all(before, read_changes(given))
    assert done.project != before
    back = apply_all(done.project, done.inverse).project
    assert back.model_copy(update={"cast": dict(sorted(back.cast.items()))}) == before.model_copy(
        update={"cast": dict(sorted(before.cast.items()))}
    )
    assert apply_all(before, done.applied).project == done.project
    assert read_project(as_yaml(done.project)) == done.project


def test_what_a_change_does_is_where_it_was_meant() -> None:
    moved = apply_all(project(), read_changes([{"op": "move", "at": "shots/s1", "to": "scenes/c2", "after": "s3"}])).project
    assert [[shot.id for shot in scene.shots] for scene in moved.scenes] == [["s2"], ["s3", "s1"]]
    renamed = apply_all(project(), read_changes([{"op": "rename", "at": "cast/Ada", "to": "Tim"}])).project
    assert [line.who for line in renamed.lines()] == ["", "Tim", ""]
    assert list(renamed.cast) == ["Eva", "Tim"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([{"op": "set", "at": "lines/l1.texts", "to": "x"}], "texts"),
        ([{"op": "set", "at": "lines/l1.id", "to": "x"}], "id"),
        ([{"op": "set", "at": "lines/gone.text", "to": "x"}], "lines/gone"),
        ([{"op": "set", "at": "look.ratio", "to": "4:3"}], "16:9"),
        ([{"op": "set", "at": "lines/l1.speed", "to": 9}], "speed"),
        ([{"op": "insert", "at": "lines/l1", "item": {}}], "lines/l1"),
        ([{"op": "insert", "at": "scenes/c1", "item": {"id": "s3"}}], "s3"),
        ([{"op": "insert", "at": "scenes/c1", "item": {"id": "n", "lines": [{"id": "n"}]}}], "n"),
        ([{"op": "insert", "at": "cast/ Ada", "item": {}}], "Ada"),
        ([{"op": "insert", "at": "cast/Ada", "item": {}}], "Ada"),
        ([{"op": "move", "at": "shots/s1", "to": "shots/s2"}], "shots/s2"),
        ([{"op": "rename", "at": "cast/Ada", "to": "Eva"}], "Eva"),
        ([{"op": "paint", "at": "x"}], "paint"),
        ("words", "changes"),
    ],
)
def test_what_cannot_be_is_refused_by_name(given: object, told: str) -> None:
    with pytest.raises((InvalidInput, NotFound)) as refused:
        apply_all(project(), read_changes(given))
    assert told in str(refused.value)


def test_ids_differ() -> None:
    with pytest.raises(ValueError, match="two parts"):
        Project(scenes=(BoardScene(id="a"), BoardScene(id="a")))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"title: [", "project.not-yaml"),
        (b"format: 2\ntitle: x", "project.format-later"),
        (b"- 1", "input.not-names"),
        (b"title: x\nsense: 3", "input.unknown"),
        (b"\xff\xfe\x00", "project.not-yaml"),
    ],
)
def test_a_file_that_is_no_project_is_told(raw: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_project(raw)
    assert refused.value.code == code
