"""Animatic: painted scenes, or the user's own pictures, under a slow camera. No model, no download, not generative video.

English words of the prompt choose light, place, weather and objects; the seed chooses whatever they leave open. Layers are
painted once per shot and moved by depth; encoding runs in parallel with drawing of the next frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from engines.contract import Card, Engine, EngineKind, EngineOptions, Licence, Tier, option
from engines.contract.errors import EngineError
from engines.contract.video import ClipRules, ClipSize, VideoPreview, VideoRequest, VideoResult, VideoTraits

_OWN = Licence("Apache-2.0")
MOST_FRAMES = 9_000

Mood = Literal["auto", "day", "dawn", "sunset", "dusk", "night", "storm", "winter", "mist", "golden"]
Place = Literal["auto", "hills", "mountains", "forest", "sea", "lake", "city", "village", "desert", "room"]
Fall = Literal["auto", "none", "snow", "rain", "leaves", "fireflies"]


class AnimaticOptions(EngineOptions):
    """Options that override the words of the shots."""

    mood: Mood = option("auto", "Light", "Light of every scene; auto reads it from the words.", common=True)
    place: Place = option("auto", "Place", "Place of every scene; auto reads it from the words.", common=True)
    weather: Fall = option("auto", "Weather", "What falls or drifts before the camera; auto reads it from the words.")
    motion: float = option(1.0, "Camera motion", "How far the camera goes; 0 holds it still.", ge=0, le=1.5)


class Animatic(Engine):
    """Video engine on the CPU."""

    card = Card(
        id="animatic",
        title="Animatic",
        capability=EngineKind.VIDEO,
        summary="An animatic: painted scenes or your own pictures under a slow camera, with captions; on any machine.",
        version="4",
        code_licence=_OWN,
        weights_licence=_OWN,
        tier=Tier.LIGHT,
        memory_gib=0.35,
        longest_text=4_000,
        traits=VideoTraits(burns_captions=True, reads_before=True),
        reload_seconds=0.5,
    )
    Options = AnimaticOptions
    options: AnimaticOptions

    @classmethod
    def clip_rules(cls, options: AnimaticOptions) -> ClipRules:
        """Allow any even size up to 1080p."""
        return ClipRules(
            sizes=(
                ClipSize("720p", "720p, 16:9", 1280, 720),
                ClipSize("720p-portrait", "720p, 9:16", 720, 1280),
                ClipSize("720p-square", "720p, 1:1", 720, 720),
                ClipSize("1080p", "1080p, 16:9", 1920, 1080),
                ClipSize("1080p-portrait", "1080p, 9:16", 1080, 1920),
                ClipSize("1080p-square", "1080p, 1:1", 1080, 1080),
            ),
            fps=((24, 1), (25, 1), (30, 1)),
            side_multiple=2,
            largest_area=1920 * 1080,
            smallest_side=96,
            most_frames=MOST_FRAMES,
            longest_prompt=600,
            start_image="optional",
        )

    @classmethod
    def taken_over(cls, before: tuple[str, ...]) -> tuple[str, ...]:
        """Return the parts of earlier prompts that influence the next shot, so that other edits leave its picture unchanged."""
        from engines.video.animatic.scene import going_on

        found = going_on(before)
        return (found,) if found else ()

    @classmethod
    def not_shown(cls, prompt: str) -> tuple[str, ...]:
        """Return the things in a prompt that this engine cannot draw."""
        from engines.video.animatic.asked import not_drawn

        return not_drawn(prompt)

    @classmethod
    def clip_cost(cls, options: AnimaticOptions, width: int, height: int) -> tuple[str, int]:
        """Return one class for all options, because they hardly change the time; scenes differ more."""
        return "", 1

    def load(self) -> None:
        """Limit OpenCV to two threads, because the encoder runs beside it."""
        import cv2

        cv2.setNumThreads(2)

    def generate(self, request: VideoRequest) -> Iterator[VideoPreview | VideoResult]:
        self.run.check()
        rules = self.clip_rules(self.options)
        rules.check(self.card.title, request.width, request.height, request.frames)
        if len(request.prompt) > self.card.longest_text:
            raise EngineError("animatic.shot-too-long", length=len(request.prompt), longest=self.card.longest_text)
        from engines.video.animatic.shot import ShotFilm  # drawing and encoding libraries: only where it works

        yield from ShotFilm(request, self.options, self.site.assets, self.run).made()
