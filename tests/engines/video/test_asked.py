"""What a prompt says is not there is not drawn, one story stays under one sky, and what cannot be drawn is said."""

from __future__ import annotations

import pytest

from engines.video.animatic.asked import asked_for, not_drawn
from engines.video.animatic.scene import going_on, read_scene


@pytest.mark.parametrize(
    ("prompt", "there", "gone"),
    [
        ("There is no snow and no boat on this sunny beach", {"sunny", "beach"}, {"snow", "boat"}),
        ("A lake without any trees or birds, at dawn", {"lake", "dawn"}, {"trees", "birds"}),
        ("It isn't raining in the city", {"city"}, {"raining"}),
        ("Not a single cloudy day, but a castle by the sea", {"castle", "sea"}, {"cloudy"}),
        ("Neither house nor church. A tree stands there.", {"tree"}, {"house", "church"}),
        ("No big old castle here. Night falls.", {"night", "falls"}, {"castle"}),
    ],
)
def test_a_denied_word_is_not_asked_for(prompt: str, there: set[str], gone: set[str]) -> None:
    words = set(asked_for(prompt))
    assert there <= words and not gone & words, words


def test_no_snow_and_no_boat_on_the_beach() -> None:
    scene = read_scene("There is no snow and no boat on this sunny beach", 3)
    assert (scene.weather, scene.mood, scene.place) == ("", "day", "sea") and "boat" not in scene.things
    assert read_scene("It keeps going, keep going", 3).things == frozenset()


def test_the_sky_of_a_story_stays_until_another_is_named() -> None:
    story = ["A storm comes over the sea.", "The captain looks up.", "Somebody calls.", "At night all is still.", "They wait."]
    seen = [read_scene(line, 5, before=tuple(story[:at])) for at, line in enumerate(story)]
    assert [scene.mood for scene in seen] == ["storm", "storm", "storm", "night", "night"]
    assert {scene.place for scene in seen} == {"sea"}
    told = [read_scene(line, 5, before=(going_on(tuple(story[:at])),)) for at, line in enumerate(story)]
    assert [(one.mood, one.place, one.weather) for one in told] == [(one.mood, one.place, one.weather) for one in seen]
    assert going_on(("A storm at sea.", "He waits.")) == going_on(("A storm at sea.", "She waits for him."))
    assert [scene.weather for scene in seen] == ["rain", "rain", "rain", "", ""]


def test_what_no_scene_has_a_figure_for_is_told() -> None:
    assert not_drawn("A dog flies a kite on the hill, no dragon") == ("dog", "kite")
    assert not_drawn("A boat before the lighthouse") == ()
