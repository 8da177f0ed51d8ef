"""Validation of a clip before its job is queued and before anything is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from capabilities.common.inputs import InputResolver
from capabilities.video.engines import ClipSettings
from capabilities.video.shots import USUAL_SECONDS
from capabilities.video.spec import ShotSpec, VideoSpec
from engines.contract import EnginePaths
from engines.contract.video import VideoRequest
from media.audio.decode import probe
from media.video.images import is_image, read_image
from media.video.read import probe_video
from studio.errors import InvalidInput
from studio.library import Library

MOST_FRAMES = 9_000
"""Of one shot that an engine makes by going on from its own last picture."""
_BYTES_PER_PIXEL = 0.12


def bytes_of_clip(frames: int, width: int, height: int) -> int:
    """Return the disk space for a clip with its shots, in bytes."""
    return round(frames * width * height * _BYTES_PER_PIXEL * 3)


class ClipChecks:
    """The checks of one capability.

    Args:
        folder: folder of the shots, for engines that check the disk themselves.
    """

    def __init__(self, library: Library, resolver: InputResolver, site: EnginePaths, folder: Path) -> None:
        self._library, self._resolver, self._site, self._folder = library, resolver, site, folder

    def check(self, spec: VideoSpec, shots: Sequence[ShotSpec], form: ClipSettings) -> None:
        """Validate a clip.

        Raises:
            InvalidInput, NotFound, MediaError, EngineNotReady, NotEnoughSpace: with the reason and a remedy.
        """
        pictures = [self._picture_of(shot) for shot in shots]
        frames = [self._frames_of(shot, form) for shot in shots]
        self._check_music(spec.music)
        self._ask_engine(spec, shots, pictures, frames, form)
        self._library.ensure_space(bytes_of_clip(sum(frames), form.width, form.height), "this clip")

    @staticmethod
    def _frames_of(shot: ShotSpec, form: ClipSettings) -> int:
        """Return the frames of a shot, as far as they are known before it is spoken."""
        rules = form.rules
        words = len(shot.prompt.split())
        if words > rules.longest_prompt:
            raise InvalidInput("clip.shot-prompt-too-long", words=words, longest=rules.longest_prompt, engine=form.title)
        wanted = wanted_frames(shot, form.fps)
        in_parts = rules.continues and rules.most_frames < wanted <= MOST_FRAMES
        exact = rules.frames_for(wanted) if rules.fewest_frames <= wanted <= rules.most_frames else wanted
        rules.check(form.title, form.width, form.height, rules.most_frames if in_parts else exact)
        return wanted if in_parts else exact

    def _picture_of(self, shot: ShotSpec) -> Path | None:
        """Return the start image of a shot; of a video, only check that it can be read."""
        if not shot.image:
            return None
        path, output = self._resolver.find(shot.image, "picture")
        if is_image(path) or path.suffix.lower() not in (".mp4", ".webm", ".mkv", ".mov"):
            read_image(path)
            return path
        probe_video(path)
        kept = output.companions if output is not None else ()
        return next((one for one in kept if one.suffix in (".png", ".jpg")), None)

    def _check_music(self, music: str) -> None:
        if music:
            path, _ = self._resolver.find(music, "music")
            if not probe(path).has_audio:
                raise InvalidInput("sound.none-in-file", file=path.name)

    def _ask_engine(
        self,
        spec: VideoSpec,
        shots: Sequence[ShotSpec],
        pictures: Sequence[Path | None],
        frames: Sequence[int],
        form: ClipSettings,
    ) -> None:
        """Run the engine's own checks on every shot; those that are the same for all shots run once."""
        able: Any = form.engine
        if not hasattr(able, "check_request"):
            return
        able.check_options(form.options, self._site)
        self._folder.mkdir(parents=True, exist_ok=True)
        for shot, picture, count in zip(shots, pictures, frames, strict=True):
            if shot.image and picture is None:
                continue  # its last picture is taken out of a video when the job runs
            request = VideoRequest(
                prompt=shot.prompt, path=self._folder / "clip.mp4", width=form.width, height=form.height,
                frames=min(count, form.rules.most_frames), fps=(form.fps.numerator, form.fps.denominator),
                seed=shot.seed if shot.seed is not None else spec.seed or 0, negative=spec.negative, start_image=picture,
            )  # fmt: skip
            able.check_request(request, form.options)


def wanted_frames(shot: ShotSpec, fps: Fraction) -> int:
    """Return the requested frames of a shot, or the default number."""
    if shot.frames is not None:
        return shot.frames
    return max(1, round((shot.seconds or USUAL_SECONDS) * fps))


def longest_part(shots: Sequence[ShotSpec], form: ClipSettings) -> int:
    """Return the frames of the longest clip that these shots need; longer shots continue from their last frame."""
    wanted = max((wanted_frames(shot, form.fps) for shot in shots), default=1)
    return form.rules.frames_for(min(wanted, form.rules.most_frames))
