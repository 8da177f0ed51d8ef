"""Text to video: plans shots, speaks and renders them one by one, joins them with sound and captions, adds the clip to the
library.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from capabilities.common.inputs import fingerprint, input_resolver
from capabilities.common.memory_fit import memory_fit
from capabilities.common.outputs import finished_video
from capabilities.common.preview import last_picture
from capabilities.common.seed import LARGEST_SEED
from capabilities.common.subtask import SubtaskContext
from capabilities.common.tags import video_tags
from capabilities.video.checks import ClipChecks, bytes_of_clip, longest_part
from capabilities.video.engines import ClipSettings, VideoEngineSelector
from capabilities.video.join import join_shots
from capabilities.video.narration import NarratedShots, ShotNarrator
from capabilities.video.recipe import recipe_of
from capabilities.video.render import PlannedShot, ShotRenderer, plan_shot, work_of
from capabilities.video.shots import Shot, captions_of, check_length, shot_list, split_lines, split_script
from capabilities.video.sound import ClipAudio
from capabilities.video.spec import ShotSpec, VideoSpec
from capabilities.voiceover.capability import PreparedNarration, Voiceover
from capabilities.voiceover.run import NarrationRunner
from capabilities.voiceover.script.language_detection import detect
from engines.contract import Device, Engine, VideoTraits
from media.messages.message import Message
from media.text.formats import to_srt, to_vtt
from media.video.images import is_image, write_picture
from media.video.read import probe_video, read_frames
from studio.artifacts.clips import ShotStore, StoredShot
from studio.files import write_json
from studio.jobs.capability import CPU_LANE, GPU_LANE, Capability, CapabilityDescription, JobContext, JobEstimate, Submission
from studio.jobs.model import JobOutput
from studio.jobs.runtime_stats import RuntimeEstimate, RuntimeStats
from studio.library import LibraryOutput, Recipe, RecipeInput
from studio.licences import combined, terms_of_card
from studio.services import Services

_SPOKEN, _RENDERED = 0.12, 0.9
_JOIN_SECONDS_PER_FRAME = 0.004
_GIB = 1024**3


class TextToVideo(Capability[VideoSpec]):
    """The capability "text_to_video". Has no state of a job: speech and shots are stored by the services that make them."""

    kind: ClassVar[str] = "text_to_video"
    Spec = VideoSpec

    def __init__(self, services: Services) -> None:
        self._services = services
        self._library, self._segments = services.library, services.segments
        self._voiceover = services.capability(Voiceover)
        self._narrator = ShotNarrator(self._voiceover, NarrationRunner(services))
        self.engines = VideoEngineSelector(services.catalog, services.site, services.memory.machine)
        self._resolver = input_resolver(services)
        self._fonts = services.site.assets / "fonts" / "captions"
        self.clips = ShotStore(services.paths.root / "clips", int(services.settings.library.segment_cache_gib * _GIB))
        self.runtime_stats: RuntimeStats = RuntimeStats(services.paths.root / "video-runs.json")
        self._checks = ClipChecks(services.library, self._resolver, services.site, self.clips.root)

    # Before the job is queued

    def prepare(self, spec: VideoSpec) -> VideoSpec:
        """Choose engine, options, shots, size, voice and seed if they are open. A prepared spec is returned unchanged.

        Raises:
            InvalidInput, NotFound, MediaError, EngineNotReady: the spec cannot be fulfilled.
        """
        return self._prepared(spec)[0]

    def accept(self, spec: VideoSpec) -> Submission[VideoSpec]:
        made, narration = self._prepared(spec)
        return Submission(made, self.title(made), self._lane(made, narration))

    def _prepared(self, spec: VideoSpec) -> tuple[VideoSpec, PreparedNarration | None]:
        """Return the resolved spec and its prepared narration, None for a clip without speech."""
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
        narration = self._narrator.prepared(spec, shots) if changed["narration"] else None
        if narration is not None:
            gone = spec.voice in narration.spec.replaced_voices  # its name stays, so that the job can say who speaks instead
            changed |= {"voice": spec.voice if gone else narration.spec.voice, "language": narration.spec.language}
        return spec.model_copy(update=changed), narration

    def _has_image(self, spec: VideoSpec) -> bool:
        return any(shot.image for shot in spec.shots)

    def _split(self, spec: VideoSpec, form: ClipSettings) -> list[ShotSpec]:
        if not form.engine.card.traits_of(VideoTraits).burns_captions:
            return split_lines(spec.prompt)
        shots = split_script(spec.prompt, detect(spec.prompt))
        return [shot.model_copy(update={"say": ""}) for shot in shots] if spec.narration is False else shots

    @staticmethod
    def _with_lengths(spec: VideoSpec, shots: Sequence[ShotSpec]) -> list[ShotSpec]:
        """Return the shots, those without a length with the clip's."""
        usual = {name: value for name, value in (("frames", spec.frames), ("seconds", spec.seconds)) if value is not None}
        return [shot if shot.frames is not None or shot.seconds is not None else shot.model_copy(update=usual) for shot in shots]

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Text to video", "Text-to-Video")

    def estimate(self, spec: VideoSpec) -> JobEstimate:
        """Return the estimated time and memory. Raises the errors of `prepare`."""
        prepared = self.prepare(spec)
        engine = self.engines.choose(prepared.engine, prepared.options, with_image=self._has_image(prepared))
        form = self.engines.form(engine, prepared.options, prepared.size, prepared.fps)
        frames = sum(shot.frames or round((shot.seconds or 0) * form.fps) for shot in prepared.shots)
        time = self.render_time(form, frames) if frames else None
        fits, memory = memory_fit(self._services, engine, form.options, form.extent(longest_part(prepared.shots, form)))
        told = " ".join(filter(None, (form.chosen, memory, _not_shown(engine, prepared.shots))))
        return JobEstimate(engine.card.id, float(frames / form.fps), frames, time, fits, told)

    def title(self, spec: VideoSpec) -> str:
        return spec.title or "A clip"

    def lane(self, spec: VideoSpec) -> str:
        return self._lane(spec, self._narrator.prepared(spec, spec.shots) if spec.narration else None)

    def _lane(self, spec: VideoSpec, narration: PreparedNarration | None) -> str:
        if self.engines.lane_device(spec.engine) is Device.CUDA:
            return GPU_LANE
        return CPU_LANE if narration is None else self._voiceover.lane_of(narration)

    # The job

    def run(self, spec: VideoSpec, context: JobContext) -> list[JobOutput]:
        """Speak, render missing shots, join, and add the clip to the library.

        Raises:
            EngineError, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = finished_video(self._library, context.job_id)
        if done is not None:
            return job_outputs(done)
        engine = self.engines.choose(spec.engine, spec.options, with_image=self._has_image(spec))
        form = self.engines.form(engine, spec.options, spec.size, spec.fps)
        narrated = self._narrator.narrate(spec, form, SubtaskContext(context, 0.0, _SPOKEN))
        self._library.ensure_space(bytes_of_clip(narrated.frames, form.width, form.height), "this clip")
        planned = self._planned(spec, form, narrated, context)
        if sentence := _not_shown(engine, spec.shots):
            context.warn(sentence)
        after = narrated.frames * _JOIN_SECONDS_PER_FRAME
        renderer = ShotRenderer(form, self.clips, context, self.runtime_stats, self._fonts, (_SPOKEN, _RENDERED), after)
        clips = renderer.render(planned)
        output = self._joined(spec, form, narrated, planned, clips, context)
        self.clips.prune()
        return job_outputs(output)

    def _planned(self, spec: VideoSpec, form: ClipSettings, narrated: NarratedShots, context: JobContext) -> list[PlannedShot]:
        planned = []
        for shot in narrated.shots:
            captions = captions_of(shot, narrated.cues, form.fps) if spec.captions == "burned" else ()
            image, image_hash = None, ""
            if shot.spec.image:
                image = self._kept_picture(shot, context)
                image_hash = fingerprint(image)
            before = tuple(one.spec.prompt for one in narrated.shots[: shot.index])
            planned.append(
                plan_shot(shot, form, captions, spec.seed or 0, spec.negative, spec.quality, image, image_hash, before)
            )
        return planned

    def _kept_picture(self, shot: Shot, context: JobContext) -> Path:
        """Return the picture of a shot, copied for the job; of a video, its last frame."""
        kept, _ = self._resolver.keep(shot.spec.image, f"picture {shot.index + 1}", context.scratch)
        if is_image(kept):
            return kept
        info = probe_video(kept)
        return last_picture(kept, info.frames, info.fps, _fresh(context.scratch / f"from-{shot.index + 1}"))

    def _joined(
        self,
        spec: VideoSpec,
        form: ClipSettings,
        narrated: NarratedShots,
        planned: Sequence[PlannedShot],
        clips: Sequence[StoredShot],
        context: JobContext,
    ) -> LibraryOutput:
        folder = context.scratch / "join"
        shutil.rmtree(folder, ignore_errors=True)
        _fresh(folder)
        context.progress(_RENDERED, "Mixing the sound")
        seconds = float(narrated.frames / form.fps)
        music = self._resolver.keep(spec.music, "music", context.scratch)[0] if spec.music else None
        sound = None
        if music is not None or any(one.timeline for one in narrated.spoken):
            loudness, peak = self._services.settings.voiceover.loudness, self._services.settings.voiceover.true_peak
            track = ClipAudio(
                narrated.shots, narrated.spoken, self._segments, folder, seconds, music, spec.music_level, loudness, peak
            )
            sound = iter(track.levelled(context.check))
        target = folder / "clip.mp4"

        def report(share: float) -> None:
            context.progress(_RENDERED + (0.99 - _RENDERED) * share, "Joining the shots")

        size = (form.width, form.height)
        job = self._job_recipe(spec, form, narrated, context)
        soft = narrated.cues if spec.captions == "soft" else ()
        tags = video_tags(spec.title, f"{form.title}, seed {spec.seed}", job.terms)
        count = join_shots(target, narrated.shots, clips, form.fps, size, spec.quality, sound, tags, report, soft)
        companions = self._companions(spec, narrated, target, count, form, folder)
        recipe = recipe_of(job, spec, form, shot_list(narrated.shots, form.fps), clips, seconds)
        output = self._library.add(target, "video", spec.title, recipe, companions)
        shutil.rmtree(folder, ignore_errors=True)
        return output

    def _companions(
        self, spec: VideoSpec, narrated: NarratedShots, target: Path, count: int, form: ClipSettings, folder: Path
    ) -> list[Path]:
        """Write subtitles, the shot list, a poster and the last frame."""
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

    def _job_recipe(self, spec: VideoSpec, form: ClipSettings, narrated: NarratedShots, context: JobContext) -> Recipe:
        """Return the recipe as known before joining: inputs, parents, and the licences of everything that goes in."""
        kept = [("music", "music", spec.music)]
        kept += [("picture", f"picture {index + 1}", shot.image) for index, shot in enumerate(spec.shots)]
        found = [(role, *self._resolver.keep(value, field, context.scratch)) for role, field, value in kept if value]
        outputs = [output for _, _, output in found if output is not None]
        terms = (terms_of_card(form.engine.card), narrated.terms, *(output.terms for output in outputs))
        parents = (spec.parent, *(output.id for output in outputs))
        return Recipe(
            kind=self.kind,
            job=context.job_id,
            inputs=tuple(RecipeInput.of_file(role, path) for role, path, _ in found),
            parents=tuple(filter(None, parents)),
            terms=combined((*terms, self._library.terms([spec.parent]))),
        )

    # For a page

    def render_time(self, form: ClipSettings, frames: int) -> RuntimeEstimate | None:
        """Return the time for a number of frames: measured, else estimated; None if neither is possible."""
        found = self.runtime_stats.seconds(work_of(form, frames))
        found = found or self.engines.reckoned(form, frames)
        join = frames * _JOIN_SECONDS_PER_FRAME
        return found and replace(found, seconds=found.seconds + join, low=found.low + join, high=found.high + join)


def job_outputs(output: LibraryOutput) -> list[JobOutput]:
    """Return a clip and its subtitles as outputs of a job, the video first."""
    subtitles = {path.suffix: path for path in output.companions}
    listed = [JobOutput(output.id, str(output.path), output.kind)]
    return listed + [JobOutput(output.id, str(subtitles[end]), "subtitles") for end in (".srt", ".vtt") if end in subtitles]


def _title(spec: VideoSpec, shots: Sequence[ShotSpec]) -> str:
    words = " ".join((spec.prompt or shots[0].say or shots[0].prompt or "A picture in motion").split())
    return words if len(words) <= 60 else f"{words[:60].rsplit(' ', 1)[0]}…"


def _fresh(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _not_shown(engine: type[Engine], shots: Sequence[ShotSpec]) -> str:
    """Return a sentence on things in the shots that the engine cannot draw; "" for none."""
    looks: Any = getattr(engine, "not_shown", lambda prompt: ())
    missing = list(dict.fromkeys(thing for shot in shots if not shot.image for thing in looks(shot.prompt)))
    if not missing:
        return ""
    return Message.of("shot.not-pictured", engine=engine.card.title, things=missing[:6], more=len(missing) > 6).reason()
