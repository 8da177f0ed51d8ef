"""The steps that make pictures: painted scenes, talking portraits, cropped clips, and overlays."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np

from capabilities.common.render_engines import RenderEngineSelector
from capabilities.common.rendering import cleared, fresh, part_frames, render_missing
from capabilities.director.film.framing import CornerPainter, filled, portrait_framed
from capabilities.director.film.plan import FPS, QUALITY, FilmPlan, FilmShot, FilmStep, corner_side, silence_around
from capabilities.director.film.times import FilmTimes
from capabilities.video.engines import ClipSettings
from capabilities.video.render import ShotRenderer
from capabilities.voiceover.join import assemble
from engines.contract.analysis import AnalysisEngine, MouthTrackRequest
from engines.contract.faces import FaceChoice, LipSyncRequest
from media.audio.audio import Audio, silence
from media.audio.encode import write_audio
from media.video.captions import CaptionPainter, CaptionText
from media.video.images import read_image, write_picture
from media.video.read import Picture, read_frames
from media.video.write import VideoWriter, join_video
from studio.artifacts.clips import ShotStore, StoredShot
from studio.artifacts.segments import SegmentStore
from studio.errors import EngineError, MediaError
from studio.files import write_json
from studio.jobs.capability import JobContext
from studio.jobs.runtime_stats import RuntimeStats


class PictureMaker:
    """Runs the missing steps of one attempt at one film; every result is stored before the next step begins.

    Args:
        painter: statistics of the painter's shots.
        times: statistics of the other steps.
    """

    def __init__(
        self, form: ClipSettings, store: ShotStore, segments: SegmentStore, engines: RenderEngineSelector, fonts: Path,
        context: JobContext, painter: RuntimeStats, times: FilmTimes,
    ) -> None:  # fmt: skip
        self._form, self._store, self._segments, self._engines, self._fonts = form, store, segments, engines, fonts
        self._context, self._painter, self._times = context, painter, times
        self._made: dict[str, StoredShot] = {}

    def make(self, plan: FilmPlan, span: tuple[float, float], after: float) -> list[StoredShot]:
        """Return the finished pictures of every shot, in order.

        Args:
            span: their part of the job's progress.
            after: seconds for the rest of the job.

        Raises:
            EngineError, MediaError, StorageError, Cancelled.
        """
        todo = [shot for shot in plan.shots if not self._there(shot.result)]
        cost = {step.key: self._times.seconds(step, self._form) for shot in todo for step in shot.steps}
        missing = [step for step in plan.steps() if step.key in cost and not self._there(step)]
        total = sum(cost[step.key] for step in missing) or 1.0
        scenes = [shot for shot in todo if (step := shot.step("scene")) is not None and not self._there(step)]
        share = sum(cost[step.key] for step in missing if step.sort == "scene") / total
        middle = span[0] + (span[1] - span[0]) * share
        self._paint(scenes, (span[0], middle), after + (1 - share) * total)
        others = [step for step in missing if step.sort != "scene"]
        by_shot = {shot.board.id: shot for shot in plan.shots}
        left = sum(cost[step.key] for step in others)
        whole = left or 1.0
        for sort in ("clip", "talk", "compose"):
            for step in (one for one in others if one.sort == sort):
                begin = middle + (span[1] - middle) * (1 - left / whole)
                left -= cost[step.key]
                end = middle + (span[1] - middle) * (1 - left / whole)
                self._step(step, by_shot[step.shot], (begin, end), left + cost[step.key] + after)
        return [self._stored(shot.result) for shot in plan.shots]

    def _there(self, step: FilmStep) -> bool:
        return step.key in self._made or self._store.has(step.key)

    def _stored(self, step: FilmStep) -> StoredShot:
        found = self._made.get(step.key) or self._store.get(step.key)
        if found is None:
            raise LookupError(step.key)
        return found

    def _paint(self, shots: Sequence[FilmShot], span: tuple[float, float], after: float) -> None:
        planned = [shot.scene for shot in shots if shot.scene is not None]
        if not planned:
            return
        renderer = ShotRenderer(self._form, self._store, self._context, self._painter, self._fonts, span, after)
        for shot, made in zip(shots, renderer.render(planned), strict=True):
            self._made[made.key] = made
            self._context.event("step", sort="scene", shot=shot.board.id)

    def _step(self, step: FilmStep, shot: FilmShot, span: tuple[float, float], left: float) -> None:
        notes = {"clip": "Cutting a clip", "talk": "Moving lips", "compose": "Captions and corners"}
        self._context.progress(span[0], f"{notes[step.sort]}, shot {shot.placed.index + 1}", left)
        began = time.monotonic()
        target = self._store.path(step.key)
        if step.sort == "talk":
            try:
                self._talk(step, shot, target, span)
            except (EngineError, MediaError) as error:
                error.within("project.in-row", row=shot.placed.index + 1)
                raise
        else:
            pictures = self._clip(shot) if step.sort == "clip" else self._composed(shot, step)
            with VideoWriter(target, step.size, FPS, QUALITY, threads=2) as writer:
                for picture in pictures:
                    writer.write(picture)
                    self._context.check()
        self._made[step.key] = self._store.keep(step.key, step.frames, {"sort": step.sort})
        self._times.learn(step, time.monotonic() - began)
        self._context.event("step", sort=step.sort, shot=step.shot)

    def _clip(self, shot: FilmShot) -> Iterator[Picture]:
        """Yield the frames of the user's clip, looped to the end of the shot."""
        assert shot.background is not None
        source = shot.background
        again = chain.from_iterable(read_frames(source, FPS) for _ in repeat(None))
        for _, frame in zip(range(shot.placed.frames), again, strict=False):
            yield filled(frame.picture, (self._form.width, self._form.height))

    def _composed(self, shot: FilmShot, step: FilmStep) -> Iterator[Picture]:
        """Yield frames with captions over the presenter, and the presenter over the scene."""
        under = next((one for one in (shot.step("scene"), shot.step("clip")) if one is not None), None)
        talk = shot.step("talk")
        painter = CaptionPainter(self._fonts, step.size, [CaptionText(one.start, one.end, one.text) for one in shot.captions])
        faces = read_frames(self._stored(talk).path, FPS) if talk is not None else None
        corner = CornerPainter(step.size, corner_side(step.size)) if talk is not None and under is not None else None
        base = read_frames(self._stored(under).path, FPS) if under is not None else faces
        assert base is not None
        for number, frame in enumerate(base):
            if number == step.frames:
                return
            picture = np.array(frame.picture)
            if corner is not None and faces is not None:
                corner.lay(picture, next(faces).picture)
            painter.burn(picture, float(number / FPS))
            yield picture

    def _talk(self, step: FilmStep, shot: FilmShot, target: Path, span: tuple[float, float]) -> None:
        """Render the speaker's portrait with lips that move to the sound of the shot."""
        assert shot.portrait is not None
        folder = fresh(self._context.scratch / f"talk-{step.key[:16]}")
        sound, marks = folder / "sound.wav", folder / "sound.json"
        self._sound(shot, sound, marks)
        with self._analyser() as analyser:
            face = self._framed(shot.portrait[0], step, folder, analyser)
            analyser.look(face, FaceChoice())
            track = analyser.track_mouth(MouthTrackRequest(sound, marks if shot.timeline else None))
        engine = self._engines.choose("auto", "lip_sync")
        request = LipSyncRequest(
            face=face, sound=sound, mouth=track, folder=fresh(folder / "parts"), fps=(25, 1), frames=step.frames,
            part_frames=part_frames(FPS), quality=QUALITY, seed=int(step.key[:7], 16),
        )  # fmt: skip
        parts = render_missing(
            request,
            lambda able, wanted: able.lip_sync(wanted),
            lambda: self._context.engine(engine, engine.Options()),
            self._context,
            span,
        )
        join_video(target, [part.path for part in parts], FPS)
        cleared(folder)

    def _sound(self, shot: FilmShot, sound: Path, marks: Path) -> None:
        """Write the sound of a shot from its first frame, and its words' times."""
        seconds = float(shot.placed.frames / FPS)
        if shot.timeline is None:
            write_audio(sound, silence(seconds, 16_000), "wav")
            return
        timeline, lead = shot.timeline, silence_around(shot.board)[0]
        raw = sound.with_suffix(".f32")
        assemble(timeline, self._segments, raw, lambda _: self._context.check())
        samples = np.fromfile(raw, "<f4").reshape(-1, timeline.channels).mean(axis=1)
        raw.unlink()
        padded = np.zeros(max(round(seconds * timeline.rate), round(lead * timeline.rate) + len(samples)), np.float32)
        padded[round(lead * timeline.rate) :][: len(samples)] = samples
        write_audio(sound, Audio(padded, timeline.rate), "wav")
        write_json(marks, _later(timeline.marks(), lead))

    def _framed(self, portrait: Path, step: FilmStep, folder: Path, analyser: AnalysisEngine) -> Path:
        target = folder / "face.png"
        if not target.is_file():
            faces = analyser.faces(portrait)
            staged = folder / ".face.png"
            write_picture(staged, portrait_framed(read_image(portrait), faces[0] if faces else None, step.size))
            staged.replace(target)
        return target

    def _analyser(self) -> AbstractContextManager[Any]:
        engine = self._engines.analysis()
        return self._context.engine(engine, engine.Options())


def _later(marks: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return a sound's marks shifted by some seconds."""

    def timed(rows: list[list[Any]]) -> list[list[Any]]:
        return [[text, round(start + seconds, 4), round(end + seconds, 4)] for text, start, end in rows]

    def moved(one: dict[str, Any]) -> dict[str, Any]:
        times = {name: round(one[name] + seconds, 4) for name in ("start", "end")}
        return {**one, **times, "words": timed(one["words"]), "phonemes": timed(one["phonemes"])}

    return {"duration": round(marks["duration"] + seconds, 4), "segments": [moved(one) for one in marks["segments"]]}
