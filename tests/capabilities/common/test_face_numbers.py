"""Which face a job means: counted from 1, as on the page, and from 0 in what was written before there were numbers."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from capabilities.character_swap.builtin import BuiltinOptions
from capabilities.lip_sync.spec import LipSyncSpec
from capabilities.portrait.spec import PortraitSpec
from studio.errors import InvalidInput
from studio.validation import validated


def test_faces_count_from_one() -> None:
    assert LipSyncSpec(face="a.png").choice.index == 0
    assert LipSyncSpec(face="a.png", face_number=1).choice.index == 0
    assert LipSyncSpec(face="a.png", face_number=3).choice.index == LipSyncSpec(face="a.png", face_index=2).choice.index == 2
    portrait = PortraitSpec(portrait="a.png", driving_video="b.mp4", driving_face_number=2)
    assert portrait.driving_choice.index == 1
    assert PortraitSpec(portrait="a.png", driving_video="b.mp4", driving_face=1).driving_choice.index == 1
    swap = BuiltinOptions(person_number=2, portrait_face_number=3)
    assert swap.people[0].index == 1 and swap.portrait_choice.index == 2
    old = BuiltinOptions(person_index=1, portrait_face=2)
    assert old.people == swap.people and old.portrait_choice == swap.portrait_choice


@pytest.mark.parametrize(
    ("spec", "given"),
    [
        (LipSyncSpec, {"face": "a.png", "face_number": 3, "face_index": 1}),
        (PortraitSpec, {"portrait": "a.png", "driving_video": "b.mp4", "driving_face_number": 1, "driving_face": 1}),
        (BuiltinOptions, {"person_number": 1, "person_index": 2}),
        (BuiltinOptions, {"portrait_face_number": 4, "portrait_face": 2}),
    ],
)
def test_a_number_and_an_index_of_two_faces_are_refused(spec: type[BaseModel], given: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="name different faces") as refused:
        validated(spec, given)
    assert refused.value.code == "face.numbers-disagree"
    number, index = (name for name in given if isinstance(given[name], int))
    assert validated(spec, {**given, number: int(str(given[index])) + 1})


@pytest.mark.parametrize("wrong", [-1, 65])
def test_what_is_no_number_of_a_face_is_refused(wrong: int) -> None:
    with pytest.raises(ValidationError):
        LipSyncSpec(face="a.png", face_number=wrong)
    with pytest.raises(ValidationError):
        BuiltinOptions(person_number=wrong)
