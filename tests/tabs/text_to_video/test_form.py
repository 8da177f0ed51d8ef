"""The form's own pictures: one for each shot, and shots for those that are left."""

from __future__ import annotations

from tabs.text_to_video.form import with_pictures

SHOTS = [{"prompt": "the sea", "say": "The sea."}, {"prompt": "a hill"}]


def test_pictures_go_to_the_shots_in_order_and_the_rest_become_shots() -> None:
    assert with_pictures(SHOTS, None) == SHOTS
    first, second = with_pictures(SHOTS, ["one.png"])
    assert first == {**SHOTS[0], "image": "one.png"} and second == SHOTS[1]
    assert [shot.get("image") for shot in with_pictures(SHOTS, ["1", "2", "3"])] == ["1", "2", "3"]
    assert with_pictures([], ["1"]) == [{"image": "1"}]
