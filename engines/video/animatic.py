"""Animatic: painted scenes, or a person's own pictures, under a slow camera. No model, no download, not generative video.

Words are read for light, place, weather and things (English); what they leave open follows from the seed. Layers are painted
once a shot and moved by depth; encoding runs beside the painting of the next picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import cv2

from engines.contract import Capability, Card, Engine, EngineOptions, Licence, Tier, option
from engines.errors import EngineError
from engines.video.animatic_camera import OVERSCAN, Camera, picture_layer
from engines.video.animatic_canvas import Layer
from engines.video.animatic_painter import paint
from engines.video.animatic_scene import Scene, read_move, read_scene
from engines.video.animatic_weather import Weather
from engines.video.clip_file import ClipFile, preview_of
from engines.video.contract import ClipRules, ClipSize, VideoPreview, VideoRequest, VideoResult
from media.captions import CaptionPainter, CaptionText
from media.pictures import read_picture

_OWN = Licence("Apache-2.0")
_PREVIEW_EVERY = 48
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
        capability=Capability.VIDEO,
        summary="An animatic: painted scenes or your own pictures under a slow camera, with captions. Made on any machine, at once.",
        version="1",
        code_licence=_OWN,
        weights_licence=_OWN,
        tier=Tier.LIGHT,
        memory_gib=0.35,
        longest_text=4_000,
        burns_captions=True,
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

    def load(self) -> None:
        """Nothing to bring into memory; one thread for OpenCV, the other core encodes."""
        cv2.setNumThreads(1)

    def generate(self, request: VideoRequest) -> Iterator[VideoPreview | VideoResult]:
        self.run.check()
        rules = self.clip_rules(self.options)
        rules.check(self.card.title, request.width, request.height, request.frames)
        if len(request.prompt) > self.card.longest_text:
            raise EngineError(
                f"A shot of {len(request.prompt):,} characters is too long; {self.card.longest_text:,} are the most."
            )
        options = self.options
        scene = read_scene(request.prompt, request.seed, options.mood, options.place, options.weather)
        own = request.start_image is not None
        move = read_move(request.camera, scene)
        camera = Camera(self._layers(request, scene), (request.width, request.height), move, options.motion)
        weather = Weather(scene, (request.width, request.height)) if not own else None
        yield from self._filmed(request, camera, weather)
        facts = {"shows": "own picture" if own else f"{scene.place}, {scene.mood}", "camera": move, "animatic": True}
        yield VideoResult(request.path, request.frames, request.width, request.height, facts)

    def _layers(self, request: VideoRequest, scene: Scene) -> Sequence[Layer]:
        if request.start_image is not None:
            return [picture_layer(read_picture(request.start_image), (request.width, request.height))]
        width, height = (round(side * OVERSCAN / 2) * 2 for side in (request.width, request.height))
        return paint(scene, width, height)

    def _filmed(self, request: VideoRequest, camera: Camera, weather: Weather | None) -> Iterator[VideoPreview]:
        texts = [CaptionText(one.start, one.end, one.text) for one in request.captions]
        captions = CaptionPainter(self.site.assets / "fonts" / "captions", (request.width, request.height), texts)
        rate = request.fps[0] / request.fps[1]
        with ClipFile(request) as clip:
            for number in range(request.frames):
                shown = camera.picture(number / max(1, request.frames - 1))
                if weather is not None:
                    weather.draw(shown, number / rate)
                captions.burn(shown, number / rate)
                clip.write(shown)
                self.run.progress((number + 1) / request.frames)
                if number % _PREVIEW_EVERY == 0:
                    yield preview_of(shown)
