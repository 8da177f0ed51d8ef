"""What a clip may not be, found before its job is queued and long before anything is loaded."""

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
    """Of the disk, for a clip with its shots."""
    return round(frames * width * height * _BYTES_PER_PIXEL * 3)


class ClipChecks:
    """The checks of one capability.

    Args:
        folder: where shots will lie, for engines that look at the disk themselves.
    """

    def __init__(self, library: Library, resolver: InputResolver, site: EnginePaths, folder: Path) -> None:
        self._library, self._resolver, self._site, self._folder = library, resolver, site, folder

    def check(self, spec: VideoSpec, shots: Sequence[ShotSpec], form: ClipSettings) -> None:
        """
        Raises:
            InvalidInput, NotFound, MediaError, EngineNotReady, NotEnoughSpace: naming what cannot be, and what would do.
        """
        pictures = [self._picture_of(shot) for shot in shots]
        frames = [self._frames_of(shot, form) for shot in shots]
        self._check_music(spec.music)
        self._ask_engine(spec, shots, pictures, frames, form)
        self._library.ensure_space(bytes_of_clip(sum(frames), form.width, form.height), "this clip")

    @staticmethod
    def _frames_of(shot: ShotSpec, form: ClipSettings) -> int:
        """Pictures of a shot, as far as they are known before it is spoken."""
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
        """The picture that a shot begins with; of a video, only that it can be read."""
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
        """Let an engine that has checks of its own look at every shot, at what is the same for all of them only once."""
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
    """Pictures that a shot asks for; the usual number where it leaves that open."""
    if shot.frames is not None:
        return shot.frames
    return max(1, round((shot.seconds or USUAL_SECONDS) * fps))


def longest_part(shots: Sequence[ShotSpec], form: ClipSettings) -> int:
    """Pictures of the longest clip that these shots ask for; longer shots go on from their last picture."""
    wanted = max((wanted_frames(shot, form.fps) for shot in shots), default=1)
    return form.rules.frames_for(min(wanted, form.rules.most_frames))
