"""From spoken segments to the results of a book: the M4B with its subtitles and the ZIP of chapters, in the library."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from capabilities.audiobook.files import BookFacts, MadeBook, pack, parts_of, write_book
from capabilities.common.outputs import as_job_output
from capabilities.voiceover.join import SubtitleLimits
from capabilities.voiceover.plan import Plan
from capabilities.voiceover.progress import NarrationProgress
from capabilities.voiceover.render import RenderedSegment
from media.audio.audiobook.book_file import CoverJpeg
from media.messages.message import Message
from media.text.formats import to_srt, to_vtt
from studio.artifacts.segments import SegmentStore
from studio.files import slug
from studio.jobs.capability import JobContext
from studio.jobs.model import JobOutput
from studio.library import Library, LibraryOutput, Recipe

_NAME_BYTES = 80


@dataclass(frozen=True)
class BookOrder:
    """A planned book.

    Args:
        facts: what its files tell of it. comment: for the tag of that name.
        recipe: makes the record of the results, once their lengths are known.
    """

    facts: BookFacts
    plan: Plan
    comment: str
    cover: CoverJpeg | None
    limits: SubtitleLimits
    recipe: Callable[[MadeBook, Mapping[str, RenderedSegment]], Recipe]


class BookProduction:
    """Writes books for any job; has no state of one."""

    def __init__(self, library: Library, segments: SegmentStore) -> None:
        self._library, self._segments = library, segments

    def outputs_of(self, job: str) -> list[LibraryOutput]:
        """What an earlier attempt at a job has added to the library."""
        return [output for output in self._library.list(limit=None) if output.job == job]

    def write(
        self, order: BookOrder, rendered: dict[str, RenderedSegment], progress: NarrationProgress, context: JobContext
    ) -> list[LibraryOutput]:
        """Write the files of a book and add them to the library; what an earlier attempt added is kept.

        Raises:
            SegmentMissing, MediaError, StorageError.
        """
        archives = [output for output in self.outputs_of(context.job_id) if output.kind == "archive"]
        folder = context.scratch / "book"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        progress.start_joining()
        try:
            parts = parts_of(order.plan, rendered)
            made = write_book(order.facts, parts, self._segments, order.cover, order.comment, folder, progress.joined)
            if made.failures:
                context.warn(Message.of("audiobook.not-for-shops", count=len(made.failures), first=made.failures[0]).reason())
            recipe = order.recipe(made, rendered)
            title = order.facts.title
            if made.files and not archives:
                pack(made, order.cover, folder / "chapters.zip")
                name = f"{slug(title, 'book', _NAME_BYTES)}_chapters"
                archives = [self._library.add(folder / "chapters.zip", "archive", f"{title} (chapters)", recipe, name=name)]
            cues = list(made.cues(order.limits))
            srt, vtt = folder / "book.srt", folder / "book.vtt"
            srt.write_text(to_srt(cues), encoding="utf-8")
            vtt.write_text(to_vtt(cues), encoding="utf-8")
            name = slug(title, "book", _NAME_BYTES)
            whole = self._library.add(made.whole, "audio", title, recipe, [srt, vtt], name=name, peaks=made.peaks)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        progress.learn_joining(made.seconds)
        return [whole, *archives]


def book_facts(plan: Plan, rendered: Mapping[str, RenderedSegment], made: MadeBook) -> tuple[str, ...]:
    """What a list tells of a book: chapters, pieces, and whether shops take it."""
    used = {segment.key: rendered[segment.key] for segment in plan.segments}
    doubtful = sum(bool(one.problems) for one in used.values())
    facts = [f"{len(made.parts)} chapters", f"{len(plan.segments)} pieces"]
    facts += [f"{doubtful} to check"] if doubtful else []
    facts += ["meets ACX" if not made.failures else f"{len(made.failures)} chapters do not meet ACX"] if made.files else []
    return tuple(facts)


def book_details(plan: Plan, rendered: Mapping[str, RenderedSegment], made: MadeBook) -> dict[str, Any]:
    """Of the recipe of a book: engines, chapters with their times, and segments with their problems."""
    cards = {segment.role.engine_id: segment.role.casting.engine_cls.card for segment in plan.segments}
    used = {segment.key: rendered[segment.key] for segment in plan.segments}
    return {
        "engines": {card.id: card.version for card in cards.values()},
        "chapters": [
            {"title": part.title, "start": round(part.start, 3), "seconds": round(part.seconds, 3)} for part in made.parts
        ],
        "segments": [
            {"id": segment.id, "key": used[segment.key].key, "problems": [str(each) for each in used[segment.key].problems]}
            for segment in plan.segments
        ],
        **({"reading": plan.coverage.as_data()} if plan.coverage else {}),
    }


def listed(outputs: Sequence[LibraryOutput]) -> list[JobOutput]:
    """The results as a job lists them: the book first, then its subtitles, then the chapters."""
    whole = next(output for output in outputs if output.kind == "audio")
    subtitles = {path.suffix: path for path in whole.companions}
    found = [as_job_output(whole)]
    found += [JobOutput(whole.id, str(subtitles[end]), "subtitles") for end in (".srt", ".vtt") if end in subtitles]
    return found + [as_job_output(output) for output in outputs if output.kind == "archive"]
