"""A clip from words: shots planned, spoken, rendered one by one, joined with sound and captions, put into the library."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Protocol

from engines.catalog import Catalog
from engines.contract import Device, Site
from media.pictures import is_picture, write_picture
from media.subtitles import Cue, tidy, to_srt, to_vtt
from media.video import probe_video, read_frames
from studio.errors import InvalidInput
from studio.files import write_json
from studio.jobs.model import JobOutput
from studio.jobs.production import CPU_LANE, GPU_LANE, Stage
from studio.library import Library, Output
from studio.paths import DataPaths
from studio.productions.clip_store import Clip, ClipStore
from studio.productions.face_inputs import fingerprint
from studio.productions.lip_sync import PartOfStage, finished_video, shelf_of
from studio.productions.video_checks import ClipChecks, bytes_of_clip
from studio.productions.video_engines import ClipForm, VideoEngines
from studio.productions.video_join import join_shots
from studio.productions.video_recipe import recipe_of
from studio.productions.video_render import PlannedShot, ShotRenderer, last_picture, plan_shot, work_of
from studio.productions.video_shots import Shot, captions_of, check_length, lay_out_shots, shot_list, split_lines, split_script
from studio.productions.video_sound import SoundTrack, Spoken, cues_of
from studio.productions.video_spec import ImageVideoSpec, ShotSpec, VideoSpec
from studio.productions.voiceover import Voiceover
from studio.productions.voiceover_join import lay_out
from studio.productions.voiceover_plan import Plan
from studio.productions.voiceover_progress import NarrationProgress
from studio.productions.voiceover_spec import LARGEST_SEED, VoiceoverSpec
from studio.productions.voiceover_work import NarrationWork
from studio.run_book import RunBook, RunEstimate
from studio.script.language import detect
from studio.segments import SegmentStore
from studio.settings import Settings

_SPOKEN, _RENDERED = 0.12, 0.9
_JOIN_SECONDS_PER_FRAME = 0.004
_GIB = 1024**3


class Rooms(Protocol):
    """What a clip uses of the studio."""

    @property
    def settings(self) -> Settings: ...
    @property
    def paths(self) -> DataPaths: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def site(self) -> Site: ...
    @property
    def segments(self) -> SegmentStore: ...
    @property
    def library(self) -> Library: ...


@dataclass(frozen=True)
class _Narrated:
    """The shots of a job with their places, their speech and the subtitles."""

    shots: list[Shot]
    spoken: list[Spoken]
    cues: list[Cue]

    @property
    def frames(self) -> int:
        return self.shots[-1].start + self.shots[-1].frames


class TextToVideo:
    """The production "text_to_video". Holds no state of a job: speech and shots are kept by what made them."""

    kind: ClassVar[str] = "text_to_video"
    Spec: ClassVar[type[VideoSpec]] = VideoSpec

    def __init__(self, rooms: Rooms, voiceover: Voiceover) -> None:
        self._library, self._segments, self._settings = rooms.library, rooms.segments, rooms.settings.voiceover
        self._voiceover, self._work = voiceover, NarrationWork(rooms)  # type: ignore[arg-type]
        self.engines = VideoEngines(rooms.catalog, rooms.site)
        self._shelf = shelf_of(rooms)
        self._fonts = rooms.site.assets / "fonts" / "captions"
        self.clips = ClipStore(rooms.paths.root / "clips", int(rooms.settings.library.segment_cache_gib * _GIB))
        self.book = RunBook(rooms.paths.root / "video-runs.json")
        self._checks = ClipChecks(rooms.library, self._shelf, rooms.site, self.clips.root)

    # Before the job is queued

    def prepare(self, spec: VideoSpec) -> VideoSpec:
        """Settle engine, options, shots, size, voice and seed. A prepared spec stays as it is.

        Raises:
            InvalidInput, NotFound, MediaError, EngineNotReady: what cannot be made, in words.
        """
        if not spec.shots:
            check_length(spec.prompt)
        engine = self.engines.choose(spec.engine, spec.options, with_image=self._has_image(spec))
        form = self.engines.form(engine, spec.options, spec.size, spec.fps)
        shots = self._with_lengths(spec, spec.shots or self._split(spec, form))
        self._checks.check(spec, shots, form)
        changed: dict[str, Any] = {
            "engine": engine.card.id,
            "options": form.options.model_dump(mode="json", exclude_defaults=True),
            "shots": shots,
            "size": f"{form.width}x{form.height}",
            "fps": float(form.fps),
            "seed": random.SystemRandom().randint(0, LARGEST_SEED) if spec.seed is None else spec.seed,
            "narration": any(shot.say.strip() for shot in shots) if spec.narration is None else spec.narration,
            "title": spec.title.strip() or _title(spec, shots),
        }
        if changed["narration"] and (said := _said(shots)):
            made = self._voiceover.prepare(self._narration_spec(spec, said))
            changed |= {"voice": made.voice, "language": made.language}
        return spec.model_copy(update=changed)

    def _has_image(self, spec: VideoSpec) -> bool:
        return any(shot.image for shot in spec.shots)

    def _split(self, spec: VideoSpec, form: ClipForm) -> list[ShotSpec]:
        if not form.engine.card.burns_captions:
            return split_lines(spec.prompt)
        shots = split_script(spec.prompt, detect(spec.prompt))
        return [shot.model_copy(update={"say": ""}) for shot in shots] if spec.narration is False else shots

    @staticmethod
    def _with_lengths(spec: VideoSpec, shots: Sequence[ShotSpec]) -> list[ShotSpec]:
        """Shots without a length of their own take the clip's."""
        usual = {name: value for name, value in (("frames", spec.frames), ("seconds", spec.seconds)) if value is not None}
        return [shot if shot.frames is not None or shot.seconds is not None else shot.model_copy(update=usual) for shot in shots]

    @staticmethod
    def _narration_spec(spec: VideoSpec, script: str) -> VoiceoverSpec:
        return VoiceoverSpec(script=script, voice=spec.voice, speakers=spec.speakers, language=spec.language, check="off")

    def title(self, spec: VideoSpec) -> str:
        return spec.title or "A clip"

    def lane(self, spec: VideoSpec) -> str:
        if self.engines.lane_device(spec.engine) is Device.CUDA:
            return GPU_LANE
        said = _said(spec.shots) if spec.narration else ""
        return self._voiceover.lane(self._voiceover.prepare(self._narration_spec(spec, said))) if said else CPU_LANE

    # The job

    def run(self, spec: VideoSpec, stage: Stage) -> list[JobOutput]:
        """Speak, render what is missing, join, shelve.

        Raises:
            EngineError, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = finished_video(self._library, stage.job_id)
        if done is not None:
            return job_outputs(done)
        engine = self.engines.choose(spec.engine, spec.options, with_image=self._has_image(spec))
        form = self.engines.form(engine, spec.options, spec.size, spec.fps)
        narrated = self._narrated(spec, form, stage)
        self._library.ensure_space(bytes_of_clip(narrated.frames, form.width, form.height), "this clip")
        planned = self._planned(spec, form, narrated, stage)
        after = narrated.frames * _JOIN_SECONDS_PER_FRAME
        renderer = ShotRenderer(form, self.clips, stage, self.book, self._fonts, (_SPOKEN, _RENDERED), after)
        clips = renderer.render(planned)
        output = self._joined(spec, form, narrated, planned, clips, stage)
        self.clips.prune()
        return job_outputs(output)

    def _narrated(self, spec: VideoSpec, form: ClipForm, stage: Stage) -> _Narrated:
        """Speak every shot and give all of them their places."""
        spoken = [Spoken(None)] * len(spec.shots)
        if spec.narration and (said := _said(spec.shots)):
            spoken = self._speak(
                spec, self._voiceover.prepare(self._narration_spec(spec, said)), PartOfStage(stage, 0.0, _SPOKEN)
            )
        shots = lay_out_shots(spec.shots, [one.seconds for one in spoken], form.fps, spec.join == "crossfade", None)
        return _Narrated(shots, spoken, self._cues(spec, shots, spoken, form.fps))

    def _speak(self, spec: VideoSpec, voice: VoiceoverSpec, stage: Stage) -> list[Spoken]:
        plans = [
            self._voiceover.plan(voice.model_copy(update={"script": shot.say})) if shot.say.strip() else None
            for shot in spec.shots
        ]
        whole = Plan(tuple(segment for plan in plans if plan for segment in plan.segments), (), 0.0)
        progress = NarrationProgress(stage, whole, self._voiceover.paces)
        pieces = self._work.speak(whole, stage, progress)
        return [Spoken(lay_out(plan, pieces) if plan and plan.segments else None) for plan in plans]

    @staticmethod
    def _cues(spec: VideoSpec, shots: Sequence[Shot], spoken: Sequence[Spoken], fps: Fraction) -> list[Cue]:
        """Subtitles: of the speech, or, where nothing is spoken, of what the shots would say."""
        cues = cues_of(shots, spoken)
        for shot, speech in zip(shots, spoken, strict=True):
            if speech.timeline is None and shot.spec.say.strip():
                start, end = float((shot.start + shot.head) / fps) + 0.2, float((shot.start + shot.frames) / fps) - 0.2
                cues.append(Cue(start, max(start + 0.5, end), shot.spec.say))
        seconds = float((shots[-1].start + shots[-1].frames) / fps)
        return tidy(sorted(cues, key=lambda cue: cue.start), longest_line=60, total_seconds=seconds)

    def _planned(self, spec: VideoSpec, form: ClipForm, narrated: _Narrated, stage: Stage) -> list[PlannedShot]:
        planned = []
        for shot in narrated.shots:
            captions = captions_of(shot, narrated.cues, form.fps) if spec.captions == "burned" else ()
            image, told = None, ""
            if shot.spec.image:
                image = self._kept_picture(shot, stage)
                told = fingerprint(image)
            planned.append(plan_shot(shot, form, captions, spec.seed or 0, spec.negative, spec.quality, image, told))
        return planned

    def _kept_picture(self, shot: Shot, stage: Stage) -> Path:
        """The picture of a shot, kept for the job; of a video, its last one."""
        kept, _ = self._shelf.keep(shot.spec.image, f"picture {shot.index + 1}", stage.scratch)
        if is_picture(kept):
            return kept
        info = probe_video(kept)
        return last_picture(kept, info.frames, info.fps, _fresh(stage.scratch / f"from-{shot.index + 1}"))

    def _joined(
        self,
        spec: VideoSpec,
        form: ClipForm,
        narrated: _Narrated,
        planned: Sequence[PlannedShot],
        clips: Sequence[Clip],
        stage: Stage,
    ) -> Output:
        folder = stage.scratch / "join"
        shutil.rmtree(folder, ignore_errors=True)
        _fresh(folder)
        stage.progress(_RENDERED, "Mixing the sound")
        seconds = float(narrated.frames / form.fps)
        music = self._shelf.keep(spec.music, "music", stage.scratch)[0] if spec.music else None
        sound = None
        if music is not None or any(one.timeline for one in narrated.spoken):
            loudness, peak = self._settings.loudness, self._settings.true_peak
            track = SoundTrack(
                narrated.shots, narrated.spoken, self._segments, folder, seconds, music, spec.music_level, loudness, peak
            )
            sound = iter(track.levelled(stage.check))
        target = folder / "clip.mp4"

        def told(share: float) -> None:
            stage.progress(_RENDERED + (0.99 - _RENDERED) * share, "Joining the shots")

        size = (form.width, form.height)
        soft = narrated.cues if spec.captions == "soft" else ()
        tags = _tags(spec, form)
        count = join_shots(target, narrated.shots, clips, form.fps, size, spec.quality, sound, tags, told, soft)
        companions = self._companions(spec, narrated, target, count, form, folder)
        recipe = recipe_of(
            spec, form, shot_list(narrated.shots, form.fps), clips, self._inputs(spec), self._parents(spec), seconds
        )
        output = self._library.add(target, "video", spec.title, {**recipe, "kind": self.kind, "job": stage.job_id}, companions)
        shutil.rmtree(folder, ignore_errors=True)
        return output

    def _companions(
        self, spec: VideoSpec, narrated: _Narrated, target: Path, count: int, form: ClipForm, folder: Path
    ) -> list[Path]:
        """Subtitles, the shot list, a poster and the last picture."""
        made = [last_picture(target, count, form.fps, folder)]
        poster = folder / "poster.jpg"
        middle = narrated.shots[0].frames // 2
        write_picture(poster, next(read_frames(target, form.fps, first=middle, count=1)).picture)
        listed = folder / "shots.json"
        write_json(listed, {"title": spec.title, "fps": float(form.fps), "shots": shot_list(narrated.shots, form.fps)})
        made += [poster, listed]
        if narrated.cues and spec.captions != "off":
            for name, text in (("clip.srt", to_srt(narrated.cues)), ("clip.vtt", to_vtt(narrated.cues))):
                (folder / name).write_text(text, encoding="utf-8")
                made.append(folder / name)
        return made

    def _inputs(self, spec: VideoSpec) -> list[dict[str, Any]]:
        given = [("music", spec.music), *(("picture", shot.image) for shot in spec.shots)]
        found = [(role, self._shelf.find(value, role)[0]) for role, value in given if value]
        return [{"role": role, "name": path.name, "sha256": fingerprint(path)} for role, path in found]

    def _parents(self, spec: VideoSpec) -> list[str]:
        given = [spec.music, *(shot.image for shot in spec.shots)]
        outputs = [self._shelf.find(value, "input")[1] for value in given if value]
        named = [spec.parent, *(output.id for output in outputs if output is not None)]
        return list(dict.fromkeys(filter(None, named)))

    # For a page

    def estimate(self, form: ClipForm, frames: int) -> RunEstimate | None:
        """How long so many pictures take here, None while nothing like it was measured."""
        found = self.book.seconds(work_of(form, frames))
        join = frames * _JOIN_SECONDS_PER_FRAME
        return found and replace(found, seconds=found.seconds + join, low=found.low + join, high=found.high + join)


class ImageToVideo(TextToVideo):
    """The production "image_to_video": one shot that begins with, or shows, a picture; or a list of shots, the first with it."""

    kind: ClassVar[str] = "image_to_video"
    Spec: ClassVar[type[VideoSpec]] = ImageVideoSpec

    def prepare(self, spec: VideoSpec) -> VideoSpec:
        assert isinstance(spec, ImageVideoSpec)
        if not spec.shots:
            if not spec.image:
                raise InvalidInput("The picture is missing.", "Upload one, or choose one from the library.")
            if spec.prompt.strip():
                check_length(spec.prompt)
            shot = ShotSpec(prompt=spec.prompt, camera=spec.prompt[:100], image=spec.image)
            spec = spec.model_copy(update={"shots": [shot]})
        elif spec.image and not spec.shots[0].image:
            first = spec.shots[0].model_copy(update={"image": spec.image})
            spec = spec.model_copy(update={"shots": [first, *spec.shots[1:]]})
        return super().prepare(spec)


def job_outputs(output: Output) -> list[JobOutput]:
    """A clip and its subtitles as a job lists them: the video first."""
    subtitles = {path.suffix: path for path in output.companions}
    listed = [JobOutput(output.id, str(output.path), output.kind)]
    return listed + [JobOutput(output.id, str(subtitles[end]), "subtitles") for end in (".srt", ".vtt") if end in subtitles]


def _said(shots: Sequence[ShotSpec]) -> str:
    return "\n\n".join(shot.say for shot in shots if shot.say.strip())


def _title(spec: VideoSpec, shots: Sequence[ShotSpec]) -> str:
    words = " ".join((spec.prompt or shots[0].say or shots[0].prompt or "A picture in motion").split())
    return words if len(words) <= 60 else f"{words[:60].rsplit(' ', 1)[0]}…"


def _tags(spec: VideoSpec, form: ClipForm) -> dict[str, str]:
    return {"title": spec.title, "comment": f"Made with Greenroom, {form.title}, seed {spec.seed}"}


def _fresh(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
