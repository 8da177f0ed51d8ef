"""Animatic: painted scenes, or a person's own pictures, under a slow camera. No model, no download, not generative video.

Words are read for light, place, weather and things (English); what they leave open follows from the seed. Layers are painted
once a shot and moved by depth; encoding runs beside the painting of the next picture.
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
    """What the words of the shots are overruled by."""

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
        """Any even size up to 1080p."""
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
        """What of the prompts of earlier shots matters to the next: a changed word elsewhere leaves its picture as it is."""
        from engines.video.animatic.scene import going_on

        found = going_on(before)
        return (found,) if found else ()

    @classmethod
    def not_shown(cls, prompt: str) -> tuple[str, ...]:
        """What a prompt asks for and the painter has no figure for."""
        from engines.video.animatic.asked import not_drawn

        return not_drawn(prompt)

    @classmethod
    def clip_cost(cls, options: AnimaticOptions, width: int, height: int) -> tuple[str, int]:
        """Scenes differ; options hardly matter."""
        return "", 1

    def load(self) -> None:
        """OpenCV gets two threads: what the encoder leaves of the second core is used."""
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
