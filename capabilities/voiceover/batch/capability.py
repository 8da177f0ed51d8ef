"""A batch of lines, each spoken into its own file, with one ZIP of all files and an index."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from capabilities.common.subtask import SubtaskContext
from capabilities.voiceover.batch.spec import NAME_BYTES, VoiceoverBatchSpec, file_name
from capabilities.voiceover.capability import PreparedNarration, Voiceover
from capabilities.voiceover.plan import Plan
from capabilities.voiceover.progress import NarrationProgress
from capabilities.voiceover.recipe import RecipeOrigin
from capabilities.voiceover.render import RenderedSegment
from capabilities.voiceover.run import NarrationRunner
from capabilities.voiceover.spec import VoiceoverSpec
from studio.errors import Cancelled, GreenroomError, InvalidInput
from studio.files import slug
from studio.jobs.capability import Capability, CapabilityDescription, JobContext, Submission
from studio.jobs.model import JobOutput
from studio.library import LibraryOutput, Recipe
from studio.licences import combined
from studio.services import Services
from studio.voices.resolver import AUTO


@dataclass
class _BatchLine:
    """One line of a running batch: a plan or an error, then an output or an error."""

    index: int
    text: str
    spec: VoiceoverSpec | None = None
    plan: Plan | None = None
    output: LibraryOutput | None = None
    error: GreenroomError | None = None

    @property
    def name(self) -> str:
        return file_name(self.index, self.text)

    @property
    def problem(self) -> str:
        """Why it was not spoken, else "". The script is this one line, so the line number in the error is omitted."""
        return (
            ""
            if self.error is None
            else f"{self.error.message.reason()} {self.error.message.hint()}".strip().removeprefix("Line 1: ")
        )


class VoiceoverBatch(Capability[VoiceoverBatchSpec]):
    """The capability "voiceover_batch". A line that cannot be spoken does not affect the others; it is listed with its
    reason."""

    kind: ClassVar[str] = "voiceover_batch"
    Spec = VoiceoverBatchSpec

    def __init__(self, services: Services) -> None:
        self._voiceover = services.capability(Voiceover)
        self._work = NarrationRunner(services)
        self._library = services.library

    def prepare(self, spec: VoiceoverBatchSpec) -> VoiceoverBatchSpec:
        """Settle voice, engine, seed and language. If voice and engine are automatic, an engine that can speak every line is
        chosen, else one by the first line that can be spoken.

        Raises:
            GreenroomError: no line can be spoken; the reason is the first one's.
        """
        return self.accept(spec).spec

    def accept(self, spec: VoiceoverBatchSpec) -> Submission[VoiceoverBatchSpec]:
        first = self._by_all(spec) or self._first_line(spec)
        shared = ("voice", "engine", "options", "seed", "language", "loudness", "check", "check_with")
        title = spec.title.strip() or count_of_lines(spec.lines)
        settled = {"title": title, **{name: getattr(first.spec, name) for name in shared}}
        return Submission(spec.model_copy(update=settled), title, self._voiceover.lane_of(first))

    def _by_all(self, spec: VoiceoverBatchSpec) -> PreparedNarration | None:
        """Prepare all lines as one script, so that the engine can speak all of them; None if there is no such engine, or if
        the user has chosen one."""
        whole = spec.of_all() if spec.engine == AUTO and not spec.voice else None
        with suppress(GreenroomError):
            return self._voiceover.prepared(whole) if whole is not None else None
        return None

    def _first_line(self, spec: VoiceoverBatchSpec) -> PreparedNarration:
        """The first line that can be spoken, prepared."""
        problem: GreenroomError | None = None
        for index in range(len(spec.lines)):
            if not spec.lines[index]:
                continue
            try:
                return self._voiceover.prepared(spec.of_line(index))
            except GreenroomError as error:
                problem = problem or _in_row(error, index + 1)
        raise problem or InvalidInput("script.no-line")

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Voiceover batch", "Voiceover")

    def title(self, spec: VoiceoverBatchSpec) -> str:
        return spec.title or count_of_lines(spec.lines)

    def lane(self, spec: VoiceoverBatchSpec) -> str:
        return self._voiceover.lane_of(self._first_line(spec))

    def run(self, spec: VoiceoverBatchSpec, context: JobContext) -> list[JobOutput]:
        """Speak every line, then pack the files. Lines that an interrupted attempt has finished are reused.

        Raises:
            GreenroomError: no line at all could be spoken, or the disk, a cancel or the memory gate ended the job.
        """
        lines = [self._planned(spec, index) for index in range(len(spec.lines))]
        self._take_finished(lines, context.job_id)
        todo = [line for line in lines if line.plan is not None and line.output is None]
        for position, line in enumerate(todo):
            self._speak(line, position, len(todo), context)
        done = [line for line in lines if line.output is not None]
        if not done:
            raise next(line.error for line in lines if line.error is not None)
        context.progress(1.0, "Packing")
        archive = self._pack(spec, lines, context)
        listed = [JobOutput(line.output.id, str(line.output.path), "audio") for line in done if line.output]
        return [JobOutput(archive.id, str(archive.path), archive.kind), *listed]

    def _planned(self, spec: VoiceoverBatchSpec, index: int) -> _BatchLine:
        line = _BatchLine(index, spec.lines[index])
        if not line.text:
            return line
        try:
            made = self._voiceover.prepared(spec.of_line(index))
            line.spec, line.plan = made.spec, made.plan()
        except GreenroomError as error:
            line.error = error
        return line

    def _take_finished(self, lines: list[_BatchLine], job_id: str) -> None:
        for output in self._work.outputs_of(job_id):
            number = output.recipe.get("line")
            if isinstance(number, int) and 1 <= number <= len(lines):
                lines[number - 1].output = output

    def _speak(self, line: _BatchLine, position: int, count: int, context: JobContext) -> None:
        assert line.spec is not None and line.plan is not None
        spec, planned = line.spec, line.plan
        part = SubtaskContext(context, position / count, (position + 1) / count, f"Line {position + 1} of {count}")
        progress = NarrationProgress(part, planned, self._voiceover.paces)
        origin = RecipeOrigin(self.kind, context.job_id, line.index + 1)

        def join(all_rendered: dict[str, RenderedSegment]) -> LibraryOutput:
            return self._work.join(spec, planned, all_rendered, progress, context.scratch / "join", origin, line.name)

        try:
            self._work.ensure_space(planned)
            line.output = self._work.speak_and(join, planned, context, progress)
        except Cancelled:
            raise
        except GreenroomError as error:
            if error.retryable:
                raise  # a dead worker, a full disk, no memory: not caused by this line
            line.error = error
            context.event("line", line=line.index + 1, reason=error.reason)

    def _pack(self, spec: VoiceoverBatchSpec, lines: list[_BatchLine], context: JobContext) -> LibraryOutput:
        finished = [line.output for line in lines if line.output]
        self._library.ensure_space(sum(output.size for output in finished), "the archive")
        staged = context.scratch / "lines.zip"
        with zipfile.ZipFile(staged, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("index.csv", _index(lines).encode("utf-8-sig"), zipfile.ZIP_DEFLATED)
            for line, path in _members(lines):
                archive.write(path, f"{line.name}{path.suffix}")
                context.check()
        recipe = Recipe(
            kind=self.kind,
            job=context.job_id,
            engine=spec.engine,
            voice=spec.voice.split("/", 1)[-1],
            parents=tuple(output.id for output in finished),
            terms=combined(output.terms for output in finished),
            facts=(f"{len(finished)} of {sum(bool(line.text) for line in lines)} lines",),
            spec=spec.model_dump(mode="json"),
            details={"failed": [{"line": line.index + 1, "reason": line.problem} for line in lines if line.error]},
        )
        named = "" if spec.title == count_of_lines(spec.lines) else slug(spec.title, "lines", NAME_BYTES)
        return self._library.add(staged, "archive", spec.title, recipe, name=named)


def _members(lines: list[_BatchLine]) -> Iterator[tuple[_BatchLine, Path]]:
    for line in lines:
        if line.output is not None:
            yield line, line.output.path
            yield from ((line, path) for path in line.output.companions if path.suffix == ".srt")


def _index(lines: list[_BatchLine]) -> str:
    """Return one row for each given row, including empty ones: the file, its length in seconds, the text, and why it failed.

    Written for spreadsheets: with a byte order mark, and no cell is a formula.
    """
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["line", "file", "seconds", "text", "problem"])
    for line in lines:
        output = line.output
        file = f"{line.name}{output.path.suffix}" if output else ""
        seconds = f"{output.duration:.2f}" if output and output.duration is not None else ""
        rows.writerow([line.index + 1, file, seconds, _as_text(line.text), _as_text(line.problem)])
    return table.getvalue()


def _in_row(error: GreenroomError, row: int) -> GreenroomError:
    """Return the error with the number of the row in place of the line number within the script."""
    error.surroundings = ()
    if "line" not in error.parameters:
        return error.within("script.in-line", line=row)
    error.message = replace(error.message, parameters={**error.parameters, "line": row})
    return error


def _as_text(cell: str) -> str:
    """Return a cell that a spreadsheet would run as a formula, with the quote that makes it text."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def count_of_lines(lines: Sequence[str]) -> str:
    """Return the title of a batch that has none."""
    count = sum(bool(line.strip()) for line in lines)
    return "1 line" if count == 1 else f"{count} lines"
