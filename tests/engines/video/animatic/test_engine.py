"""The animatic engine by itself: what it shows, that it moves, that the same request gives the same pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.contract import EnginePaths
from engines.contract.video import ClipCaption, VideoEngine, VideoPreview, VideoRequest, VideoResult
from engines.video.animatic.engine import Animatic, AnimaticOptions
from engines.video.animatic.scene import read_move, read_scene
from media.errors import Cancelled, InvalidInput
from media.video.read import Picture, read_frames
from media.video.write import count_pictures
from tests.repository.sources import ROOT

PROMPT = "A lighthouse stands above the sea at sunset."


class Quiet:
    """A run that stops when told."""

    def __init__(self, stop_at: float = 2.0) -> None:
        self.stop_at, self.seen = stop_at, 0.0

    def progress(self, fraction: float, note: str = "") -> None:
        assert fraction >= self.seen
        self.seen = fraction
        if fraction >= self.stop_at:
            raise Cancelled

    def check(self) -> None:
        pass


def engine(run: Quiet | None = None, **options: object) -> Animatic:
    made = Animatic(EnginePaths(ROOT / "assets", ROOT), AnimaticOptions.model_validate(options), run or Quiet())
    made.load()
    return made


@pytest.fixture
def request_(tmp_path: Path) -> Iterator[VideoRequest]:
    yield VideoRequest(PROMPT, tmp_path / "clip.mp4", 320, 180, 12, (24, 1), seed=5)


def pictures(request: VideoRequest, **options: object) -> list[Picture]:
    told = list(engine(**options).generate(request))
    assert isinstance(told[-1], VideoResult) and all(isinstance(one, VideoPreview) for one in told[:-1]) and len(told) > 1
    assert count_pictures(request.path) == request.frames == told[-1].frames
    return [frame.picture for frame in read_frames(request.path, Fraction(*request.fps), count=request.frames)]


def difference(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_it_is_a_video_engine() -> None:
    assert isinstance(engine(), VideoEngine) and "nimatic" in Animatic.card.title and Animatic.card.commercial_use


@pytest.mark.parametrize(
    ("words", "mood", "place", "thing"),
    [
        (PROMPT, "sunset", "sea", "lighthouse"),
        ("Snow fell on the silent forest", "winter", "forest", ""),
        ("The city at midnight, under the moon", "night", "city", ""),
        ("By the lamp in her study sat the old woman", "", "room", "figure"),
        ("The storm broke the ship's sails", "storm", "sea", "boat"),
    ],
)
def test_words_become_light_and_place(words: str, mood: str, place: str, thing: str) -> None:
    scene = read_scene(words, 1)
    assert scene.place == place and (not mood or scene.mood == mood) and (not thing or thing in scene.things)


def test_shots_without_a_light_share_one_by_their_seed() -> None:
    moods = {read_scene(words, 11).mood for words in ("He walked on.", "Nobody spoke.", "Die Sonne ging auf.", "然后他走了。")}
    assert len(moods) == 1
    assert len({read_scene("He walked on.", seed).mood for seed in range(30)}) > 3
    assert read_move("slow pan to the left", read_scene("x", 1)) == "pan left"


def test_light_and_place_show_in_the_pictures(request_: VideoRequest) -> None:
    sunset, night = pictures(request_)[0], pictures(replace(request_, prompt="The city at night"))[0]
    assert sunset[40:90, :, 0].mean() > sunset[40:90, :, 2].mean() + 25, "a sunset is red"
    assert night.mean() < 0.7 * sunset.mean(), "a night is dark"
    lit = (night[:, :, 0] > 180) & (night[:, :, 2] < 160)
    assert 0.001 < lit.mean() < 0.2, "windows are lit"


def test_the_same_request_gives_the_same_pictures_and_another_seed_others(request_: VideoRequest) -> None:
    once, again, other = pictures(request_), pictures(request_), pictures(replace(request_, seed=6))
    assert all(np.array_equal(one, two) for one, two in zip(once, again, strict=True))
    assert difference(once[0], other[0]) > 4


def test_near_things_move_more_than_the_sky(request_: VideoRequest) -> None:
    shown = pictures(replace(request_, prompt="hills in the morning", camera="pan left", width=480, height=270, frames=24))
    moved = np.abs(shown[0].astype(int) - shown[-1].astype(int)).mean(axis=(1, 2))
    assert moved[-50:].mean() > 2 * moved[:60].mean()
    still = pictures(replace(request_, prompt="hills at noon"), motion=0)
    assert difference(still[0], still[-1]) < 0.6


def test_weather_moves_and_can_be_turned_off(request_: VideoRequest) -> None:
    snow = replace(request_, prompt="Snow falls on the hills", camera="still")
    falling, clear = pictures(snow, motion=0), pictures(snow, motion=0, weather="none")
    assert difference(falling[0], falling[-1]) > 3 * difference(clear[0], clear[-1])


def test_captions_stand_there_only_in_their_time(request_: VideoRequest) -> None:
    captioned = replace(request_, captions=(ClipCaption(0.25, 0.4, "Hello, العربية and 中文"),))
    plain, with_words = pictures(request_), pictures(captioned)
    changed = [difference(one, two) for one, two in zip(plain, with_words, strict=True)]
    assert max(changed[:5]) < 0.5 and max(changed[11:]) < 1 and min(changed[7:9]) > 1
    white = (with_words[7][120:] > 225).all(-1).mean() - (plain[7][120:] > 225).all(-1).mean()
    assert white > 0.003


def test_a_picture_of_ones_own_is_shown(request_: VideoRequest, tmp_path: Path) -> None:
    left = np.zeros((90, 160, 3), np.uint8)
    left[:, :80, 0] = 220
    Image.fromarray(left).save(tmp_path / "own.png")
    shown = pictures(replace(request_, start_image=tmp_path / "own.png"))[0]
    assert shown[90, 40, 0] > 190 and shown[90, 280, 0] < 30


def test_what_it_cannot_make_is_refused_and_leaves_nothing(request_: VideoRequest) -> None:
    for wrong in ({"width": 513, "height": 511}, {"frames": 0}, {"frames": 10_000}, {"width": 4000, "height": 3000}):
        with pytest.raises(InvalidInput) as refused:
            list(engine().generate(replace(request_, **wrong)))
        assert str(next(iter(wrong.values()))) in refused.value.reason.replace(",", "")
    assert not list(request_.path.parent.iterdir())


def test_a_cancelled_shot_leaves_nothing(request_: VideoRequest) -> None:
    with pytest.raises(Cancelled):
        list(engine(Quiet(0.5)).generate(request_))
    assert not list(request_.path.parent.iterdir())
