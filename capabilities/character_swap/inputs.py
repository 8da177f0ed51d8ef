"""The files of a template's job: validated when it is queued, converted and uploaded when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capabilities.character_swap.spec import CharacterSwapSpec
from capabilities.common.inputs import InputResolver
from capabilities.common.rendering import fresh
from media.audio.decode import probe
from media.video.images import is_image
from media.video.read import probe_video
from studio.comfyui.client.client import ComfyUIClient
from studio.errors import InvalidInput
from studio.jobs.capability import JobContext
from studio.library import LibraryOutput, RecipeInput
from studio.preprocessing import prepare_image, prepare_video
from studio.workflows import WorkflowTemplate
from studio.workflows.manifest import InputKind, Manifest, TemplateInput
from studio.workflows.stretches import stretch_count

DRIVING = "driving_video"
_MIB = 1024**2


@dataclass(frozen=True)
class ResolvedInput:
    """One file of a job: the original and the converted one."""

    key: str
    source: Path
    ready: Path
    output: LibraryOutput | None

    def as_input(self) -> RecipeInput:
        """Return the file in the form of a recipe."""
        return RecipeInput.of_file(self.key.replace("_", " "), self.source)


class TemplateFiles:
    """Finds, validates and converts files. Has no state of a job."""

    def __init__(self, resolver: InputResolver) -> None:
        self._resolver = resolver

    def check(self, spec: CharacterSwapSpec, manifest: Manifest) -> None:
        """Check that every required file exists and has the right kind and size; all problems are reported together.

        Raises:
            InvalidInput, NotFound, MediaError.
        """
        places = {place.key: place for place in manifest.inputs if place.kind.is_file}
        for key in spec.files:
            if key not in places:
                raise InvalidInput("template.input-unknown", template=manifest.id, input=key, known=list(places))
        if lacking := [place.title for key, place in places.items() if place.required and key not in spec.files]:
            raise InvalidInput("swap.inputs-missing", inputs=lacking)
        for key, value in spec.files.items():
            path, _ = self._resolver.find(value, places[key].title)
            _check_file(path, places[key])

    def check_sound(self, spec: CharacterSwapSpec, template: WorkflowTemplate, values: Mapping[str, Any]) -> None:
        """Check that a template that runs in chunks has enough of them for its sound.

        Raises:
            InvalidInput: the sound is too long.
        """
        stretches = template.usable().stretches
        if stretches is not None and stretches.sound in spec.files:
            stretch_count(stretches, int(values[stretches.frames]), probe(self.find(spec, stretches.sound)).duration)

    def find(self, spec: CharacterSwapSpec, key: str) -> Path:
        """Return the file of an input.

        Raises:
            NotFound, InvalidInput: it does not exist.
        """
        return self._resolver.find(spec.files[key], key.replace("_", " "))[0]

    def name(self, spec: CharacterSwapSpec) -> str:
        """Return the name of the job's clip, or of its first file."""
        value = spec.driving_video or next(iter(spec.files.values()), "")
        if not value:
            return ""
        path, output = self._resolver.find(value, "input")
        return output.title if output else path.stem

    def ready(
        self,
        spec: CharacterSwapSpec,
        template: WorkflowTemplate,
        values: Mapping[str, Any],
        context: JobContext,
        span: tuple[float, float],
    ) -> list[ResolvedInput]:
        """Return every file, copied for the job and converted for the template.

        Raises:
            InvalidInput, MediaError, Cancelled.
        """
        folder = fresh(context.scratch / "ready")
        found = []
        for number, (key, value) in enumerate(spec.files.items()):
            place = template.input(key)
            source, output = self._resolver.keep(value, key, context.scratch)
            share = (span[1] - span[0]) / len(spec.files)
            start, note = span[0] + number * share, f"Preparing: {place.title}"
            context.progress(start, note)
            limits = template.constraints(key, values)
            if place.kind is InputKind.IMAGE:
                ready = prepare_image(source, limits, folder)
            elif place.kind is InputKind.VIDEO:
                trim = (spec.trim_start, spec.trim_end) if key == DRIVING and (spec.trim_start or spec.trim_end) else None

                def report(done: float, start: float = start, share: float = share, note: str = note) -> None:
                    context.progress(start + share * done, note)

                ready = prepare_video(source, limits, folder, trim, context.check, report)
            else:
                ready = source
            found.append(ResolvedInput(key, source, ready, output))
        return found


def sent(given: list[ResolvedInput], client: ComfyUIClient, context: JobContext, fraction: float) -> dict[str, str]:
    """Upload every file and return the server's names by input key. A file over the server's limit is refused before any upload.

    Raises:
        UploadTooLarge, ComfyUIUnreachable, UnexpectedAnswer, Cancelled.
    """
    limit = client.max_upload_bytes()
    for one in given:
        client.refuse_large(one.ready, limit)
    names = {}
    for one in given:
        context.progress(fraction, f"Sending: {one.key.replace('_', ' ')}")
        names[one.key] = client.upload(one.ready, f"studio/{context.job_id}", limit)
    return names


def sound_lengths(given: list[ResolvedInput], template: WorkflowTemplate) -> dict[str, float]:
    """Return the lengths in seconds of a job's sounds, by input key."""
    return {one.key: probe(one.ready).duration for one in given if template.input(one.key).kind is InputKind.AUDIO}


def _check_file(path: Path, place: TemplateInput) -> None:
    if path.suffix.lower().lstrip(".") not in place.accepted:
        raise InvalidInput(
            "swap.input-kind-not-taken", input=place.title, file=path.name, accepted=", ".join(place.accepted).upper()
        )
    if place.max_mb and path.stat().st_size > place.max_mb * _MIB:
        raise InvalidInput(
            "swap.input-too-large", input=place.title, file=path.name, mib=path.stat().st_size / _MIB, most=place.max_mb
        )
    if place.kind is InputKind.IMAGE and not is_image(path):
        raise _wrong(path, place)
    if place.kind is InputKind.VIDEO:
        if is_image(path):
            raise _wrong(path, place)
        probe_video(path)
    if place.kind is InputKind.AUDIO and not probe(path).has_audio:
        raise _wrong(path, place)


def _wrong(path: Path, place: TemplateInput) -> InvalidInput:
    return InvalidInput("swap.input-of-other-kind", input=place.title, file=path.name, kind=place.kind)
