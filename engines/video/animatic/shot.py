"""Rendering of one shot of an animatic, from its prompt to its file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from engines.contract import RunContext
from engines.contract.video import VideoPreview, VideoRequest, VideoResult
from engines.video.animatic.camera import OVERSCAN, Camera, picture_layer
from engines.video.animatic.canvas import Layer
from engines.video.animatic.composition import paint
from engines.video.animatic.scene import read_move, read_scene
from engines.video.animatic.weather import Weather
from engines.video.common.clip_writer import ClipFile, preview_of
from media.video.captions import CaptionPainter, CaptionText
from media.video.images import read_image
from media.video.write import QUICK

_PREVIEW_EVERY = 48


class FilmOptions(Protocol):
    """The part of the engine's options that a shot uses."""

    @property
    def mood(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def weather(self) -> str: ...
    @property
    def motion(self) -> float: ...


class ShotFilm:
    """Renders the scene of a request, or the user's own picture, to a clip."""

    def __init__(self, request: VideoRequest, options: FilmOptions, assets: Path, run: RunContext) -> None:
        self._request, self._options, self._run = request, options, run
        self._size = (request.width, request.height)
        self._fonts = assets / "fonts" / "captions"
        self._scene = read_scene(request.prompt, request.seed, options.mood, options.place, options.weather, request.before)

    def made(self) -> Iterator[VideoPreview | VideoResult]:
        """Yield previews during rendering, and the result last."""
        request, scene = self._request, self._scene
        move = read_move(request.camera, scene)
        own = request.start_image is not None
        camera = Camera(self._layers(), self._size, move, self._options.motion)
        yield from self._filmed(camera, None if own else Weather(scene, self._size))
        facts = {"shows": "own picture" if own else f"{scene.place}, {scene.mood}", "camera": move, "animatic": True}
        yield VideoResult(request.path, request.frames, request.width, request.height, facts)

    def _layers(self) -> Sequence[Layer]:
        if self._request.start_image is not None:
            return [picture_layer(read_image(self._request.start_image), self._size)]
        width, height = (round(side * OVERSCAN / 2) * 2 for side in self._size)
        return paint(self._scene, width, height)

    def _filmed(self, camera: Camera, weather: Weather | None) -> Iterator[VideoPreview]:
        request = self._request
        texts = [CaptionText(one.start, one.end, one.text) for one in request.captions]
        captions = CaptionPainter(self._fonts, self._size, texts)
        rate = request.fps[0] / request.fps[1]
        with ClipFile(request, x264=QUICK) as clip:
            for number in range(request.frames):
                shown = camera.picture(number / max(1, request.frames - 1), clip.sheet())
                if weather is not None:
                    weather.draw(shown, number / rate)
                captions.burn(shown, number / rate)
                preview = preview_of(shown) if number % _PREVIEW_EVERY == 0 else None
                clip.write(shown)
                self._run.progress((number + 1) / request.frames)
                if preview is not None:
                    yield preview
