"""What video engines are asked for and what they give back: one shot at a time, as a file, with previews on the way."""

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
    """What a card states about a video engine.

    Args:
        burns_captions: draws captions into its pictures as it makes them, at next to no cost.
        reads_before: takes light and place from the prompts of earlier shots where a shot's own name none.
    """

    burns_captions: bool = False
    reads_before: bool = False


@dataclass(frozen=True)
class ClipSize:
    """A size that an engine offers by name, in pixels, both sides even."""

    id: str
    title: str
    width: int
    height: int


@dataclass(frozen=True)
class ClipRules:
    """Which clips an engine makes with given options; tabs offer it, and what breaks it is refused before any load.

    Args:
        sizes: what the model was made for, the default first.
        fps: pictures a second as fractions (numerator, denominator), the default first.
        side_multiple: width and height are multiples of it.
        largest_area, smallest_side: in pixels.
        frame_step: a clip has n * frame_step + 1 pictures; 1 allows every number.
        most_frames: in one clip; a longer shot is continued from the last picture where `start_image` allows it.
        longest_prompt: words.
        start_image: whether a clip can, or must, begin with a given picture.
        continues: whether a shot longer than `most_frames` may be made as clips that go on from each other's last picture.
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
        """Refuse a size or a number of pictures that the engine does not make.

        Raises:
            InvalidInput: naming the number and the nearest one that would do.
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
        """The smallest number of pictures in one clip that is at least `wanted`, or the largest there is."""
        steps = -(-(max(wanted, self.fewest_frames) - 1) // self.frame_step)
        most = (self.most_frames - 1) // self.frame_step
        return min(steps, most) * self.frame_step + 1


@dataclass(frozen=True)
class ClipCaption:
    """Words to be drawn into the pictures, in seconds from the clip's first one."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class VideoRequest:
    """One shot.

    Args:
        prompt: what is to be seen.
        path: where the clip is to lie, an .mp4 in an existing folder: H.264 without sound, as media.video_writer makes it.
        frames, fps: pictures of the clip, and pictures a second as a fraction (numerator, denominator).
        negative: what is not to be seen; engines without such a thing ignore it.
        start_image: a picture that the clip begins with; of any size: it is filled into the clip's, cut at the sides.
        camera: how the camera moves, in a word or a few ("", "push in", "pan left" …).
        keyframes: pictures at which decoding must be able to begin, so that the clip can be cut there without loss.
        captions: drawn into the pictures; given only to engines with the trait `burns_captions`.
        quality: of the file, 1 to 100, as media.video_writer takes it.
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
    """How the shot looks so far: a small JPEG, and words on it ("step 12 of 30")."""

    jpeg: bytes
    note: str = ""


@dataclass(frozen=True)
class VideoResult:
    """The finished clip, whole on the disk when this is given.

    Args:
        frames: pictures in it, as asked for.
        facts: what a recipe shall keep of how it was made (steps, attention backend, seconds a step, LoRA …); JSON values.
    """

    path: Path
    frames: int
    width: int
    height: int
    facts: dict[str, Any] = field(default_factory=dict)


@runtime_checkable
class VideoEngine(Protocol):
    """EngineKind.VIDEO. An engine's class also answers what it can make, before anything is loaded."""

    @classmethod
    def clip_rules(cls, options: Any) -> ClipRules:
        """What clips these options make; `options` is an instance of the class's Options."""

    @classmethod
    def clip_cost(cls, options: Any, width: int, height: int) -> tuple[str, int]:
        """What the time for one picture of this size hangs on: the options that matter, as words, and the number of steps."""

    def generate(self, request: VideoRequest) -> Iterator[VideoPreview | VideoResult]:
        """Generate one shot: yields any number of previews, and last the result. Progress is reported by `run.progress`.

        Raises:
            EngineError: the shot cannot be made; there is no file at `path` then.
        """


WIRE_VALUES: tuple[type, ...] = (ClipCaption, VideoRequest, VideoPreview, VideoResult)
