"""The built-in variant of a character swap: the basic face swap as a job, in parts that a resumed job reuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from pydantic import Field, model_validator

from capabilities.common.face_spec import MOST_FACES, agreed, rank_of
from capabilities.common.face_warnings import face_warnings, warned
from capabilities.common.inputs import input_resolver
from capabilities.common.outputs import as_job_output, finished_video
from capabilities.common.rendering import RenderReport, cleared, finished, fresh, part_frames, poster
from capabilities.common.runtimes import render_measured
from capabilities.common.tags import video_tags
from engines.contract import Engine, EngineOptions
from engines.contract.faces import FaceChoice, RenderedPart
from engines.contract.swap import SwapRequest
from engines.swap.basic.engine import BasicFaceSwap, BasicSwapOptions
from media.video.images import is_image
from media.video.read import probe_video
from studio.errors import EngineNotReady, InvalidInput
from studio.jobs.capability import CPU_LANE, JobContext
from studio.jobs.model import JobOutput
from studio.jobs.runtime_stats import RuntimeStats
from studio.library import Recipe, RecipeInput
from studio.licences import combined, terms_of_card
from studio.preprocessing import prepare_video
from studio.services import Services
from studio.validation import validated
from studio.workflows.manifest import InputKind, Parameter, ParameterKind, TemplateInput

BUILTIN = BasicFaceSwap.card.id
"""The template's name of the built-in."""

_BYTES_PER_FRAME = 60_000
_RENDERED = 0.94
_FASTEST = Fraction(60)
_MOST_PEOPLE = 8


class SubjectPoint(EngineOptions):
    """A point on a face of the clip's first frame, in fractions of its width and height; a face without a subject is not
    changed.
    """

    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)
    subject: bool = True


class BuiltinOptions(BasicSwapOptions):
    """The engine's options, and further options of the job.

    Args:
        person_number: the face in the clip, 1 for the largest; 0 uses `person_index`, which counts from 0. `everyone` selects
            all, `subject_points` those clicked on.
        portrait_face_number: the face in the reference, 1 for the largest; 0 uses `portrait_face`, which counts from 0.
        seconds: length of a preview, from the beginning; 0 for all.
        quality: of the file, 1 to 100.
    """

    person_number: int = Field(0, ge=0, le=MOST_FACES)
    person_index: int = Field(0, ge=0, le=MOST_FACES - 1)
    everyone: bool = False
    subject_points: tuple[SubjectPoint, ...] = Field((), max_length=_MOST_PEOPLE)
    portrait_face_number: int = Field(0, ge=0, le=MOST_FACES)
    portrait_face: int = Field(0, ge=0, le=MOST_FACES - 1)
    seconds: float = Field(0.0, ge=0, le=36_000)
    quality: int = Field(80, ge=1, le=100)

    @model_validator(mode="after")
    def _one_face_each(self) -> Self:
        agreed("person_number", self.person_number, "person_index", self.person_index)
        agreed("portrait_face_number", self.portrait_face_number, "portrait_face", self.portrait_face)
        return self

    @property
    def people(self) -> tuple[FaceChoice, ...]:
        """The people in the engine's form: () for everyone."""
        clicked = tuple(FaceChoice(x=point.x, y=point.y) for point in self.subject_points if point.subject)
        if clicked:
            return clicked
        return () if self.everyone else (FaceChoice(rank_of(self.person_number, self.person_index)),)

    @property
    def portrait_choice(self) -> FaceChoice:
        return FaceChoice(rank_of(self.portrait_face_number, self.portrait_face))

    @property
    def of_engine(self) -> BasicSwapOptions:
        return BasicSwapOptions(**{name: getattr(self, name) for name in BasicSwapOptions.model_fields})


def builtin_inputs() -> tuple[TemplateInput, ...]:
    """Return the inputs of the built-in swap, in the form of a template's."""
    return (
        TemplateInput(key="reference_image", kind=InputKind.IMAGE, title="Portrait", help="Whose face is put on."),
        TemplateInput(key="driving_video", kind=InputKind.VIDEO, title="Driving clip", help="The clip that it is put into."),
        TemplateInput(
            key="subject_points", kind=InputKind.POINTS, title="Whose face", required=False, on="driving_video",
            help="Click on the faces to be replaced; without a click it is the one chosen below.",
        ),
    )  # fmt: skip


def builtin_parameters() -> tuple[Parameter, ...]:
    """Return the options of the built-in swap in the form of a template's parameters: the engine's options, and the choice of
    the person."""
    of_engine = [_parameter(name, field) for name, field in BasicSwapOptions.model_json_schema()["properties"].items()]
    whole = ParameterKind.INTEGER
    return (
        *of_engine,
        Parameter(
            key="person_index", kind=whole, title="Person", default=0, minimum=0, maximum=_MOST_PEOPLE - 1, step=1,
            help="Whose face in the clip; the first is the largest.", shown_from=1,
        ),
        Parameter(
            key="everyone", kind=ParameterKind.BOOLEAN, title="Everyone", default=False, help="Every face of the first picture."
        ),
        Parameter(
            key="portrait_face", kind=whole, title="Face of the portrait", default=0, minimum=0, maximum=_MOST_PEOPLE - 1, step=1,
            help="Whose face where the portrait shows several; the first is the largest.", advanced=True, shown_from=1,
        ),
        Parameter(
            key="quality", kind=whole, title="Quality", default=80, minimum=40, maximum=100, step=5, help="Of the file.",
            advanced=True,
        ),
    )  # fmt: skip


def builtin_as_dict() -> dict[str, Any]:
    """Return the built-in swap as a template of the public API."""
    card = BasicFaceSwap.card
    return {
        "id": BUILTIN, "title": card.title, "valid": True, "problems": [], "own": False, "builtin": True,
        "inputs": [{**each.model_dump(mode="json"), "extensions": list(each.accepted)} for each in builtin_inputs()],
        "parameters": [each.model_dump(mode="json") for each in builtin_parameters()],
        "use": "character_swap", "summary": card.summary, "tier": card.tier.value, "memory_gib": card.memory_gib,
        "licence": {"name": card.code_licence.name, "url": card.code_licence.url, "commercial_use": card.commercial_use},
    }  # fmt: skip


def _parameter(name: str, field: Mapping[str, Any]) -> Parameter:
    return Parameter(
        key=name, kind=ParameterKind.NUMBER, title=field["title"], help=field["description"], default=field["default"],
        minimum=field.get("minimum"), maximum=field.get("maximum"), step=field.get("multipleOf"),
        advanced=not field.get("common"),
    )  # fmt: skip


class SwapSpec(Protocol):
    """The part of a character swap's spec that this variant uses."""

    @property
    def reference_image(self) -> str: ...
    @property
    def driving_video(self) -> str: ...
    @property
    def options(self) -> Mapping[str, Any]: ...
    @property
    def trim_start(self) -> float: ...
    @property
    def trim_end(self) -> float: ...


class BuiltinSwap:
    """Runs the swap. Has no state of a job: a resumed job continues from the parts on disk.

    Args:
        stats: records the time per frame.
    """

    engine: ClassVar[type[Engine]] = BasicFaceSwap
    lane: ClassVar[str] = CPU_LANE

    def __init__(self, services: Services, stats: RuntimeStats) -> None:
        self._library, self._site, self._stats = services.library, services.site, stats
        self._resolver = input_resolver(services)

    def prepare(self, spec: SwapSpec) -> dict[str, Any]:
        """Validate files, engine and options, and return the spec with the options that will be used.

        Raises:
            InvalidInput, EngineNotReady: the spec cannot be fulfilled.
        """
        readiness = BasicFaceSwap.readiness(self._site)
        if not readiness.ready:
            raise EngineNotReady("swap.basic-not-ready", why=readiness.why, next_step=readiness.step)
        reference, _ = self._resolver.find(spec.reference_image, "reference image")
        driving, _ = self._resolver.find(spec.driving_video, "driving video")
        if not is_image(reference):
            raise InvalidInput("swap.reference-not-still")
        if is_image(driving):
            raise InvalidInput("swap.driving-video-still")
        return self._options(spec).model_dump(mode="json", exclude_defaults=True)

    def title(self, spec: SwapSpec) -> str:
        """Return a short title: the name of the clip."""
        path, output = self._resolver.find(spec.driving_video, "driving video")
        return f"{output.title if output else path.stem} (face swap)"

    def run(self, spec: SwapSpec, context: JobContext, title: str = "") -> list[JobOutput]:
        """Render missing parts, join them with the clip's sound, and add the result to the library.

        Raises:
            EngineError, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = finished_video(self._library, context.job_id)
        if done is not None:
            return [as_job_output(done)]
        options = self._options(spec)
        title = title or self.title(spec)
        reference, first = self._resolver.keep(spec.reference_image, "reference image", context.scratch)
        driving, second = self._resolver.keep(spec.driving_video, "driving video", context.scratch)
        if spec.trim_start or spec.trim_end:
            trim = (spec.trim_start, spec.trim_end)
            context.progress(0.0, "Cutting the clip")
            driving = prepare_video(driving, None, fresh(context.scratch / "ready"), trim, context.check)
        request = _request(options, reference, driving, context)
        parts = self._rendered(request, options, context)
        result = context.scratch / "face-swap.mp4"
        sound = driving if probe_video(driving).has_audio else None
        parents = [output for output in (first, second) if output is not None]
        terms = combined((terms_of_card(BasicFaceSwap.card), *(output.terms for output in parents)))
        tags = video_tags(title, BasicFaceSwap.card.title, terms)
        report = finished(request, parts, result, sound, tags, context)
        inputs = (RecipeInput.of_file("reference image", reference), RecipeInput.of_file("driving video", driving))
        recipe = replace(
            _recipe(spec, options, report),
            job=context.job_id,
            inputs=inputs,
            parents=tuple(output.id for output in parents),
            terms=terms,
            warnings=warned(context, face_warnings(report)),
        )
        output = self._library.add(result, "video", title, recipe, [poster(driving, context.scratch)])
        cleared(request.folder)
        return [as_job_output(output)]

    def _rendered(self, request: SwapRequest, options: BuiltinOptions, context: JobContext) -> list[RenderedPart]:
        """Render the missing parts, and record their time in the statistics."""
        self._library.ensure_space(2 * request.frames * _BYTES_PER_FRAME, "this video")
        return render_measured(
            request,
            lambda able, wanted: able.swap(wanted),
            lambda: context.engine(BasicFaceSwap, options.of_engine),
            context,
            (0.0, _RENDERED),
            lambda timer: timer.record(self._stats, BUILTIN, "", request.driving),
        )

    @staticmethod
    def _options(spec: SwapSpec) -> BuiltinOptions:
        return validated(BuiltinOptions, spec.options, "option")


def _request(options: BuiltinOptions, reference: Path, driving: Path, context: JobContext) -> SwapRequest:
    info = probe_video(driving)
    fps = min(info.fps, _FASTEST)
    seconds = min(info.duration, options.seconds) if options.seconds else info.duration
    return SwapRequest(
        reference=reference, driving=driving, folder=fresh(context.scratch / "parts"), fps=(fps.numerator, fps.denominator),
        frames=max(1, round(seconds * fps)), part_frames=part_frames(fps), choice=options.portrait_choice,
        people=options.people, quality=options.quality,
    )  # fmt: skip


def _recipe(spec: SwapSpec, options: BuiltinOptions, report: RenderReport) -> Recipe:
    card = BasicFaceSwap.card
    return Recipe(
        kind="character_swap",
        job="",
        engine=card.id,
        engine_version=card.version,
        options=options.model_dump(mode="json"),
        facts=("basic face swap: features, not the head's shape", *report.facts()),
        spec={
            "template": BUILTIN,
            "reference_image": spec.reference_image,
            "driving_video": spec.driving_video,
            "options": options.model_dump(mode="json", exclude_defaults=True),
            "trim_start": spec.trim_start,
            "trim_end": spec.trim_end,
        },
        details={"template": BUILTIN, "report": report.as_dict()},
    )
