"""Rendering of a clip's missing shots: each by the engine, then, if needed, captioned and joined from parts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from capabilities.common.preview import PREVIEW, last_picture
from capabilities.video.engines import ClipSettings
from capabilities.video.shots import Shot
from engines.contract.errors import EngineError
from engines.contract.video import ClipCaption, VideoPreview, VideoRequest, VideoResult, VideoTraits
from media.video.captions import CaptionPainter, CaptionText
from media.video.read import read_frames
from media.video.write import VideoWriter
from studio.artifacts.clips import ShotStore, StoredShot
from studio.artifacts.segments import SegmentStore
from studio.jobs.capability import JobContext
from studio.jobs.runtime_stats import RuntimeStats, Workload


@dataclass(frozen=True)
class PlannedShot:
    """One shot to render.

    Args:
        request: of its only or first part; rendering fills in its path.
        parts: frames of each part; later ones begin with the last frame of the previous one.
        burned: captions that are drawn afterwards.
        key: of the finished shot; equal for shots with the same picture.
    """

    shot: Shot
    request: VideoRequest
    parts: tuple[int, ...]
    burned: tuple[ClipCaption, ...]
    image: str
    key: str


def plan_shot(
    shot: Shot, form: ClipSettings, captions: tuple[ClipCaption, ...], seed: int, negative: str, quality: int,
    image: Path | None, image_hash: str, before: tuple[str, ...] = (),
) -> PlannedShot:  # fmt: skip
    """Return the engine's request for a shot that follows those with the prompts `before`."""
    traits = form.engine.card.traits_of(VideoTraits)
    own = traits.burns_captions
    taken_over: Any = getattr(form.engine, "taken_over", tuple)
    before = taken_over(before) if traits.reads_before and image is None else ()
    parts = parts_of(shot.rendered, form)
    whole = len(parts) == 1
    request = VideoRequest(
        prompt=shot.spec.prompt, path=Path(), width=form.width, height=form.height, frames=parts[0],
        fps=(form.fps.numerator, form.fps.denominator), seed=shot.spec.seed if shot.spec.seed is not None else seed,
        negative=negative, start_image=image, camera=shot.spec.camera, keyframes=shot.keyframes if whole else (),
        captions=captions if own and whole else (), quality=quality, before=before,
    )  # fmt: skip
    burned = () if request.captions else captions
    key = _key(
        form,
        request,
        image_hash,
        {
            "parts": list(parts),
            "burned": _plain(burned),
            "cuts": list(shot.keyframes),
            **({"before": list(before)} if before else {}),
        },
    )
    return PlannedShot(shot, request, parts, burned, image_hash, key)


def parts_of(frames: int, form: ClipSettings) -> tuple[int, ...]:
    """Return the frames of each part of a shot; a later part repeats the last frame of the previous one."""
    rules = form.rules
    if frames <= rules.most_frames or not rules.continues:
        return (rules.frames_for(frames),)
    parts: list[int] = []
    left = frames
    while left > 0:
        parts.append(rules.frames_for(min(left + bool(parts), rules.most_frames)))
        left -= parts[-1] - (len(parts) > 1)
    return tuple(parts)


def _plain(captions: Sequence[ClipCaption]) -> list[list[Any]]:
    return [[one.start, one.end, one.text] for one in captions]


def _key(form: ClipSettings, request: VideoRequest, image: str, further: dict[str, Any]) -> str:
    card = form.engine.card
    return SegmentStore.key(
        {
            "engine": card.id, "version": card.version, "options": form.options.model_dump(mode="json"),
            "prompt": request.prompt, "negative": request.negative, "size": [request.width, request.height],
            "frames": request.frames, "fps": list(request.fps), "seed": request.seed, "image": image,
            "camera": request.camera, "keyframes": list(request.keyframes), "captions": _plain(request.captions),
            "quality": request.quality, **further,
        }
    )  # fmt: skip


class ShotRenderer:
    """Renders the shots of one attempt at one job.

    Args:
        fonts: the folder of the caption fonts.
        span: the shots' part of the job's progress.
        after: seconds for the rest of the job, for the remaining time.
    """

    def __init__(
        self,
        form: ClipSettings,
        store: ShotStore,
        context: JobContext,
        stats: RuntimeStats,
        fonts: Path,
        span: tuple[float, float],
        after: float,
    ) -> None:
        self._form, self._store, self._context, self._stats, self._fonts = form, store, context, stats, fonts
        self._span, self._after = span, after
        self._measured: list[tuple[int, float]] = []

    def render(self, planned: Sequence[PlannedShot]) -> list[StoredShot]:
        """Return all shots in order: existing ones unchanged, others rendered; each is stored before the next one begins.

        Raises:
            EngineError: with the number of the shot. Errors of the context pass through.
        """
        made: dict[str, StoredShot] = {}
        for one in planned:
            if one.key not in made and (kept := self._store.get(one.key)) is not None:
                made[one.key] = kept
        missing = [one for index, one in enumerate(planned) if one.key not in made and one.key not in
                   {earlier.key for earlier in planned[:index]}]  # fmt: skip
        left = sum(sum(one.parts) for one in missing)
        total = max(1, sum(sum(one.parts) for one in planned))
        if missing:
            extent = self._form.extent(max(frames for one in missing for frames in one.parts))
            with self._context.engine(self._form.engine, self._form.options, extent) as engine:
                for one in missing:
                    made[one.key] = self._one(engine, one, (total - left) / total, total, left, len(planned))
                    left -= sum(one.parts)
                    self._context.event("shot", index=one.shot.index, frames=one.shot.rendered)
        return [made[one.key] for one in planned]

    def _one(self, engine: Any, one: PlannedShot, done: float, total: int, left: int, count: int) -> StoredShot:
        note = f"Shot {one.shot.index + 1} of {count}"
        start, width = self._span[0], self._span[1] - self._span[0]
        self._context.progress(start + width * done, note, self._remaining(left))
        parts: list[VideoResult] = []
        for number, frames in enumerate(one.parts):
            begin = start + width * (done + sum(one.parts[:number]) / total)
            with self._context.span(begin, begin + width * frames / total):
                parts.append(self._part(engine, one, number, frames, parts))
        path = self._store.path(one.key)
        frames = one.shot.rendered
        if len(parts) > 1 or one.burned:
            self._finish(parts, one, path, frames)
        else:
            frames = parts[0].frames
            parts[0].path.replace(path)
        for part in parts:
            part.path.unlink(missing_ok=True)
        facts = parts[0].facts if len(parts) == 1 else {**parts[0].facts, "parts": len(parts)}
        return self._store.keep(one.key, frames, facts)

    def _part(self, engine: Any, one: PlannedShot, number: int, frames: int, before: Sequence[VideoResult]) -> VideoResult:
        target = self._context.scratch / f"shot-{one.shot.index:04d}-{number}.mp4"
        request = replace(one.request, path=target, frames=frames)
        if number:
            request = replace(
                request, start_image=last_picture(before[-1].path, before[-1].frames, self._form.fps, self._context.scratch)
            )
        began = time.monotonic()
        try:
            with contextlib.closing(engine.generate(request)) as items:
                result = self._result_of(items)
        except EngineError as error:
            error.within("video.in-shot", shot=one.shot.index + 1)
            raise
        if result is None or not target.is_file():
            raise EngineError("clip.none-for-shot", engine=self._form.title, shot=one.shot.index + 1)
        seconds = time.monotonic() - began
        self._measured.append((frames, seconds))
        self._stats.learn(work_of(self._form, frames), seconds)
        return result

    def _result_of(self, items: Iterator[VideoPreview | VideoResult]) -> VideoResult | None:
        result = None
        for item in items:
            if isinstance(item, VideoPreview):
                staged = self._context.scratch / f".{PREVIEW}"
                staged.write_bytes(item.jpeg)
                staged.replace(self._context.scratch / PREVIEW)
                self._context.check()
            else:
                result = item
        return result

    def _finish(self, parts: Sequence[VideoResult], one: PlannedShot, path: Path, frames: int) -> None:
        """Join parts with captions and cut them to length."""
        fps, size = self._form.fps, (self._form.width, self._form.height)
        texts = [CaptionText(caption.start, caption.end, caption.text) for caption in one.burned]
        painter = CaptionPainter(self._fonts, size, texts)
        with VideoWriter(path, size, fps, one.request.quality, keyframes=one.shot.keyframes) as writer:
            for number, part in enumerate(parts):
                for frame in read_frames(part.path, fps, first=min(number, 1), count=part.frames - min(number, 1)):
                    if writer.frames == frames:
                        return
                    shown = frame.picture.copy()
                    painter.burn(shown, float(writer.frames / fps))
                    writer.write(shown)
                    self._context.check()

    def _remaining(self, left: int) -> float | None:
        frames, seconds = (sum(column) for column in zip(*self._measured, strict=True)) if self._measured else (0, 0.0)
        if frames:
            return left * seconds / frames + self._after
        estimate = self._stats.seconds(work_of(self._form, left))
        return None if estimate is None else estimate.seconds + self._after


def work_of(form: ClipSettings, frames: int) -> Workload:
    """Return the workload of a number of frames for the run statistics."""
    variant, steps = form.cost
    return Workload(form.engine.card.id, variant, form.width, form.height, frames, steps)
