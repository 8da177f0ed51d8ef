"""Upscaling of a video of the library or an upload, frame by frame, with its sound and its subtitles."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from capabilities.common.inputs import input_resolver
from capabilities.common.outputs import finished_video
from capabilities.common.preview import last_picture
from capabilities.common.rendering import cleared, fresh, joined, part_frames, render_missing
from capabilities.common.tags import video_tags
from capabilities.upscaling.spec import AUTO, UpscaleSpec
from engines.catalog import Catalog
from engines.contract import Device, Engine, EngineKind, EngineOptions, EnginePaths
from engines.contract.errors import EngineNotReady
from engines.contract.upscaling import UpscaleRequest, UpscalingEngine
from media.text.cues import Cue
from media.text.formats import parse_srt
from media.video.images import is_image, write_picture
from media.video.read import VideoInfo, probe_video, read_frames
from studio.errors import InvalidInput
from studio.jobs.capability import CPU_LANE, GPU_LANE, Capability, CapabilityDescription, JobContext
from studio.jobs.model import JobOutput
from studio.library import LibraryOutput, Recipe, RecipeInput
from studio.licences import combined, terms_of_card
from studio.services import Services
from studio.validation import validated
from studio.workers.engine_service import readiness_of

LARGEST_SIDE = 4096
"""Of a result: beyond it few players decode H.264."""
_RENDERED = 0.95
_BYTES_PER_PIXEL = 0.2
_FASTEST = Fraction(60)


class UpscaleEngines:
    """Selects upscaling engines of the catalog. Has no state of a job."""

    def __init__(self, catalog: Catalog, site: EnginePaths) -> None:
        self._catalog, self._site = catalog, site

    def choose(self, engine_id: str) -> type[Engine]:
        """Return the requested engine; for "auto" a ready one on a GPU, else the built-in one.

        Raises:
            NotFound, InvalidInput, EngineNotReady.
        """
        able = self._catalog.of(EngineKind.UPSCALING)
        if engine_id in ("", AUTO):
            ready = [engine for engine in able if readiness_of(engine, self._site).ready]
            if not ready:
                raise EngineNotReady("upscaling.none-ready")
            return min(ready, key=lambda engine: engine.card.device is not Device.CUDA)
        engine = self._catalog.get(engine_id)
        if engine not in able:
            names = ", ".join(one.card.id for one in able)
            raise InvalidInput("upscaling.engine-unfit", engine=engine.card.title, able=names)
        readiness = readiness_of(engine, self._site)
        if not readiness.ready:
            raise EngineNotReady("engine.not-ready", engine=engine.card.title, why=readiness.why, next_step=readiness.step)
        return engine

    def options(self, engine: type[Engine], given: dict[str, Any]) -> EngineOptions:
        """Checked, with what "auto" is on this machine.

        Raises:
            InvalidInput, EngineNotReady.
        """
        options = engine.settled(self._site, validated(engine.Options, given, "option"))
        check = getattr(engine, "check", None)
        if check is not None:
            check(options, self._site)
        return options

    @staticmethod
    def factor(engine: type[Engine], options: EngineOptions) -> int:
        able: Any = engine
        assert issubclass(able, UpscalingEngine)
        return int(able.factor(options))


class Upscale(Capability[UpscaleSpec]):
    """The capability "upscale". Has no state of a job: a resumed job continues from the parts on disk."""

    kind: ClassVar[str] = "upscale"
    Spec = UpscaleSpec

    def __init__(self, services: Services) -> None:
        self._library = services.library
        self.engines = UpscaleEngines(services.catalog, services.site)
        self._resolver = input_resolver(services)

    def prepare(self, spec: UpscaleSpec) -> UpscaleSpec:
        """Validate video, engine, options and the resulting size.

        Raises:
            InvalidInput, NotFound, MediaError, EngineNotReady, NotEnoughSpace: the spec cannot be fulfilled.
        """
        path, output = self._resolver.find(spec.video, "video")
        if is_image(path):
            raise InvalidInput("upscaling.picture-given", file=path.name)
        info = probe_video(path)
        engine = self.engines.choose(spec.engine)
        options = self.engines.options(engine, spec.options)
        width, height = _size(info, self.engines.factor(engine, options))
        self._library.ensure_space(_bytes(info, width, height), "the larger video")
        return spec.model_copy(
            update={
                "engine": engine.card.id,
                "options": options.model_dump(mode="json", exclude_defaults=True),
                "title": spec.title or (output.title if output else path.stem) or "A video",
            }
        )

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Upscale", "Text-to-Video")

    def title(self, spec: UpscaleSpec) -> str:
        return f"Larger: {spec.title or 'a video'}"

    def lane(self, spec: UpscaleSpec) -> str:
        return GPU_LANE if self.engines.choose(spec.engine).card.device is Device.CUDA else CPU_LANE

    def run(self, spec: UpscaleSpec, context: JobContext) -> list[JobOutput]:
        """Render what is missing, join with the source's sound and subtitles, add it to the library.

        Raises:
            EngineError, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = finished_video(self._library, context.job_id)
        if done is not None:
            return [JobOutput(done.id, str(done.path), done.kind)]
        source, parent = self._resolver.keep(spec.video, "video", context.scratch)
        info = probe_video(source)
        engine = self.engines.choose(spec.engine)
        options = self.engines.options(engine, spec.options)
        width, height = _size(info, self.engines.factor(engine, options))
        self._library.ensure_space(2 * _bytes(info, width, height), "the larger video")
        fps = min(info.fps, _FASTEST)
        request = _request(source, info, fps, spec.quality, fresh(context.scratch / "parts"))
        parts = render_missing(
            request, lambda able, wanted: able.upscale(wanted), lambda: context.engine(engine, options), context, (0.0, _RENDERED)
        )
        context.progress(_RENDERED, "Joining picture and sound")
        folder = fresh(context.scratch / "join")
        result = folder / "larger.mp4"
        sound = source if info.has_audio else None
        subtitles = _subtitles(parent)
        terms = combined((terms_of_card(engine.card), *([parent.terms] if parent else [])))
        tags = video_tags(spec.title, engine.card.title, terms)
        joined(parts, result, fps, sound, request.frames / float(fps), tags, context, subtitles if _are_soft(parent) else ())
        recipe = replace(
            self._recipe(spec, context.job_id, engine, options, source, parent),
            terms=terms,
            duration=info.duration,
            facts=(_made_by(engine, options), f"{info.width} × {info.height} to {width} × {height}"),
        )
        made = self._library.add(result, "video", spec.title, recipe, _companions(parent, result, request, folder))
        cleared(request.folder)
        cleared(folder)
        return [JobOutput(made.id, str(made.path), made.kind)]

    def _recipe(
        self,
        spec: UpscaleSpec,
        job_id: str,
        engine: type[Engine],
        options: EngineOptions,
        source: Path,
        parent: LibraryOutput | None,
    ) -> Recipe:
        """What is known before the result is there."""
        return Recipe(
            kind=self.kind,
            job=job_id,
            engine=engine.card.id,
            engine_version=engine.card.version,
            options=options.model_dump(mode="json"),
            inputs=(RecipeInput.of_file("video", source),),
            parents=(parent.id,) if parent is not None else (),
            spec=spec.model_dump(mode="json"),
        )


def _request(source: Path, info: VideoInfo, fps: Fraction, quality: int, folder: Path) -> UpscaleRequest:
    frames = max(1, round(info.duration * fps))
    return UpscaleRequest(source, folder, (fps.numerator, fps.denominator), frames, part_frames(fps), quality=quality)


def _made_by(engine: type[Engine], options: EngineOptions) -> str:
    chosen = getattr(options, "model", "")
    return f"{engine.card.title}, network {chosen}" if chosen else engine.card.title


def _size(info: VideoInfo, factor: int) -> tuple[int, int]:
    """Of the result.

    Raises:
        InvalidInput: it would be larger than players take, with the factor that would do.
    """
    width, height = info.width * factor, info.height * factor
    if max(width, height) > LARGEST_SIDE:
        most = LARGEST_SIDE // max(info.width, info.height)
        raise InvalidInput(
            "upscaling.too-large", factor=factor, width=width, height=height, largest=LARGEST_SIDE, most=most if most >= 2 else 0
        )
    return width, height


def _bytes(info: VideoInfo, width: int, height: int) -> int:
    return round(info.frames * width * height * _BYTES_PER_PIXEL)


def _companion(output: LibraryOutput | None, ending: str) -> Path | None:
    return next((path for path in output.companions if path.suffix == ending), None) if output is not None else None


def _subtitles(parent: LibraryOutput | None) -> list[Cue]:
    path = _companion(parent, ".srt")
    return parse_srt(path.read_text("utf-8")) if path is not None else []


def _are_soft(parent: LibraryOutput | None) -> bool:
    spec = parent.recipe.get("spec") if parent is not None else None
    return isinstance(spec, dict) and spec.get("captions") == "soft"


def _companions(parent: LibraryOutput | None, result: Path, request: UpscaleRequest, folder: Path) -> list[Path]:
    """A poster, the last picture, and the source's subtitles."""
    fps = Fraction(*request.fps)
    poster = folder / "poster.jpg"
    first = next(read_frames(result, fps, first=min(request.frames - 1, round(fps)), count=1)).picture
    write_picture(poster, first, longest_side=1280)
    made = [poster, last_picture(result, request.frames, fps, folder)]
    for ending in (".srt", ".vtt"):
        if (path := _companion(parent, ending)) is not None:
            made.append(Path(shutil.copyfile(path, folder / f"larger{ending}")))
    return made
