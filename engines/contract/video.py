"""Requests and results of video engines: one shot at a time, as a file, with previews during the work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from engines.contract.card import Traits
from media.errors import InvalidInput

StartImage = Literal["none", "optional", "required"]


@dataclass(frozen=True)
class VideoTraits(Traits):
    """The facts of a video engine.

    Args:
        burns_captions: draws captions into its pictures as it makes them, at almost no cost.
        reads_before: takes light and place from the prompts of earlier shots if a shot's own names none.
    """

    burns_captions: bool = False
    reads_before: bool = False


@dataclass(frozen=True)
class ClipSize:
    """A size that an engine offers, with a name; in pixels, both sides even."""

    id: str
    title: str
    width: int
    height: int


@dataclass(frozen=True)
class ClipRules:
    """The clips that an engine can make with given options. Tabs offer them; a request that violates them is refused before any
    load.

    Args:
        sizes: what the model was trained for, the default first.
        fps: pictures a second as fractions (numerator, denominator), the default first.
        side_multiple: width and height are multiples of it.
        largest_area, smallest_side: in pixels.
        frame_step: a clip has n * frame_step + 1 pictures; 1 allows every number.
        most_frames: in one clip; a longer shot is continued from the last picture if `start_image` allows it.
        longest_prompt: words.
        start_image: whether a clip can, or must, begin with a given picture.
        continues: whether a shot longer than `most_frames` may be made of clips that each continue from the last picture.
    """

    sizes: tuple[ClipSize, ...]
    fps: tuple[tuple[int, int], ...] = ((16, 1),)
    side_multiple: int = 16
    largest_area: int = 1920 * 1088
    smallest_side: int = 128
    frame_step: int = 1
    fewest_frames: int = 1
    most_frames: int = 81
    longest_prompt: int = 400
    start_image: StartImage = "optional"
    continues: bool = False

    def check(self, title: str, width: int, height: int, frames: int) -> None:
        """Refuse a size or a number of pictures that the engine cannot make.

        Raises:
            InvalidInput: names the number and the nearest valid one.
        """
        step = self.side_multiple
        if width % step or height % step or min(width, height) < self.smallest_side:
            near = [max(-(-self.smallest_side // step) * step, round(side / step) * step) for side in (width, height)]
            raise InvalidInput(
                "clip.size-not-made",
                engine=title,
                width=width,
                height=height,
                step=step,
                smallest=self.smallest_side,
                near_width=near[0],
                near_height=near[1],
            )
        if width * height > self.largest_area:
            most = self.largest_area / 1e6
            raise InvalidInput(
                "clip.size-too-large",
                width=width,
                height=height,
                engine=title,
                megapixels=most,
                largest_width=self.sizes[0].width,
                largest_height=self.sizes[0].height,
            )
        if not self.fewest_frames <= frames <= self.most_frames:
            raise InvalidInput(
                "clip.length-not-made", frames=frames, engine=title, fewest=self.fewest_frames, most=self.most_frames
            )
        if (frames - 1) % self.frame_step:
            raise InvalidInput(
                "clip.frames-not-made", frames=frames, engine=title, step=self.frame_step, next=self.frames_for(frames)
            )

    def frames_for(self, wanted: int) -> int:
        """Return the smallest valid number of pictures in one clip that is at least `wanted`, or the largest valid one."""
        steps = -(-(max(wanted, self.fewest_frames) - 1) // self.frame_step)
        most = (self.most_frames - 1) // self.frame_step
        return min(steps, most) * self.frame_step + 1


@dataclass(frozen=True)
class ClipCaption:
    """Words to draw into the pictures, with times in seconds from the clip's first one."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class VideoRequest:
    """A request for one shot.

    Args:
        prompt: what the shot shows.
        path: the file to write, an .mp4 in an existing folder: H.264 without sound, as media.video.write makes it.
        frames, fps: pictures of the clip, and pictures a second as a fraction (numerator, denominator).
        negative: what it must not show; engines without negative prompts ignore it.
        start_image: the first picture of the clip, of any size: it is scaled to fill the clip's and cropped.
        camera: how the camera moves, in a few words ("", "push in", "pan left" …).
        keyframes: pictures at which decoding must be able to begin, so that the clip can be cut there without loss.
        captions: drawn into the pictures; given only to engines with the trait `burns_captions`.
        quality: of the file, 1 to 100, see media.video.write.
        before: prompts of the clip's earlier shots, in order; given only to engines with the trait `reads_before`.
    """

    prompt: str
    path: Path
    width: int
    height: int
    frames: int
    fps: tuple[int, int]
    seed: int = 0
    negative: str = ""
    start_image: Path | None = None
    camera: str = ""
    keyframes: tuple[int, ...] = ()
    captions: tuple[ClipCaption, ...] = ()
    quality: int = 80
    before: tuple[str, ...] = ()


@dataclass(frozen=True)
class VideoPreview:
    """The present state of the shot: a small JPEG, and a label ("step 12 of 30")."""

    jpeg: bytes
    note: str = ""


@dataclass(frozen=True)
class VideoResult:
    """The finished clip; its file is complete when this is yielded.

    Args:
        frames: its number of pictures, as requested.
        facts: how it was made, for the recipe (steps, attention backend, seconds a step, LoRA …); JSON values.
    """

    path: Path
    frames: int
    width: int
    height: int
    facts: dict[str, Any] = field(default_factory=dict)


@runtime_checkable
class VideoEngine(Protocol):
    """EngineKind.VIDEO. The class also says what an engine can make, before anything is loaded."""

    @classmethod
    def clip_rules(cls, options: Any) -> ClipRules:
        """Return the clips that these options can make; `options` is an instance of the class's Options."""

    @classmethod
    def clip_cost(cls, options: Any, width: int, height: int) -> tuple[str, int]:
        """Return what the time for one picture of this size depends on: the relevant options, as words, and the steps."""

    def generate(self, request: VideoRequest) -> Iterator[VideoPreview | VideoResult]:
        """Generate one shot: yields any number of previews, and the result last. Progress is reported by `run.progress`.

        Raises:
            EngineError: the shot cannot be made; there is no file at `path` then.
        """


WIRE_VALUES: tuple[type, ...] = (ClipCaption, VideoRequest, VideoPreview, VideoResult)
