"""The files of an audiobook: each chapter joined, normalised and written into the M4B and into its own MP3."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from capabilities.voiceover.join import SubtitleLimits, Timeline, assemble, blocks, lay_out
from capabilities.voiceover.plan import Plan
from capabilities.voiceover.render import RenderedSegment
from media.audio.audio import Audio
from media.audio.audiobook.acx import AcxReading, read_acx
from media.audio.audiobook.book_file import BOOK_RATE, BookTags, BookWriter, CoverJpeg
from media.audio.audiobook.levelling import HEAD_SECONDS, TAIL_SECONDS, levelled_chapter
from media.audio.encode import Chapter
from media.audio.resample import StreamResampler
from media.text.cues import Cue, TimedWord
from studio.artifacts.segments import SegmentStore
from studio.files import slug

PEAKS = 800
_NAME_BYTES = 60
_COLUMNS = (
    "file", "minutes", "RMS dB", "peak dB", "noise floor dB", "room tone before s", "after s", "Hz", "bit/s", "meets ACX",
)  # fmt: skip
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)

OnShare = Callable[[str, float], None]


@dataclass(frozen=True)
class BookFacts:
    """What the files of a book tell of it, and whether an MP3 is made for each chapter."""

    title: str
    author: str = ""
    narrator: str = ""
    date: str = ""
    description: str = ""
    chapter_files: bool = True


@dataclass(frozen=True)
class ChapterPart:
    """A chapter's plan and timeline, and its start in the book in seconds."""

    number: int
    title: str
    timeline: Timeline
    start: float

    @property
    def seconds(self) -> float:
        return self.timeline.duration + HEAD_SECONDS + TAIL_SECONDS

    @property
    def file_name(self) -> str:
        return f"{self.number:02}_{slug(self.title, 'chapter', _NAME_BYTES)}.mp3"


@dataclass
class MadeBook:
    """The written files: the M4B, the MP3s with their measurements, all subtitles, and the waveform."""

    whole: Path
    parts: tuple[ChapterPart, ...]
    files: list[tuple[Path, AcxReading]] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.parts[-1].start + self.parts[-1].seconds

    @property
    def failures(self) -> list[str]:
        """The chapters that do not meet the stores' requirements, each with the reason."""
        return [
            f"{part.title}: {', '.join(one.failures)}"
            for part, (_, one) in zip(self.parts, self.files, strict=False)
            if one.failures
        ]

    def cues(self, limits: SubtitleLimits) -> Iterator[Cue]:
        for part in self.parts:
            for cue in part.timeline.cues(limits):
                yield _later(cue, part.start + HEAD_SECONDS)


def parts_of(planned: Plan, rendered: dict[str, RenderedSegment]) -> tuple[ChapterPart, ...]:
    """Return the chapters with speech; each has its own loudness normalisation."""
    ends = [chapter.first for chapter in planned.chapters[1:]] + [len(planned.segments)]
    parts: list[ChapterPart] = []
    start = 0.0
    for chapter, end in zip(planned.chapters, ends, strict=True):
        segments = planned.segments[chapter.first : end]
        if not segments:
            continue
        own = replace(planned, segments=(replace(segments[0], pause_before=0.0), *segments[1:]), chapters=(), tail_pause=0.0)
        part = ChapterPart(len(parts) + 1, chapter.title, lay_out(own, rendered), start)
        parts.append(part)
        start += part.seconds
    channels = max(part.timeline.channels for part in parts)
    return tuple(replace(part, timeline=replace(part.timeline, channels=channels)) for part in parts)


def write_book(
    facts: BookFacts,
    parts: Sequence[ChapterPart],
    store: SegmentStore,
    cover: CoverJpeg | None,
    comment: str,
    folder: Path,
    tell: OnShare,
) -> MadeBook:
    """Write the M4B and, if requested, an MP3 for each chapter, into a folder.

    Args:
        tell: called with a description and the finished share; may raise.

    Raises:
        SegmentMissing: a segment was removed since it was rendered.
        MediaError: a file cannot be written.
    """
    made = MadeBook(folder / "book.m4b", tuple(parts))
    tags = BookTags(
        facts.title, facts.title, facts.author, facts.narrator, facts.date, description=facts.description, comment=comment
    )
    marks = [Chapter(part.start, part.start + part.seconds, part.title) for part in parts]
    channels = parts[0].timeline.channels
    with BookWriter(made.whole, "m4a", BOOK_RATE, channels, tags, marks, cover) as whole:
        for part in parts:
            own = replace(tags, title=part.title, track=f"{part.number}/{len(parts)}", description="", comment="")
            _write_chapter(part, own, whole, made, facts.chapter_files, store, cover, folder, tell)
    made.peaks = [float(piece.max(initial=0.0)) for piece in np.array_split(np.array(made.peaks), PEAKS)]
    return made


def _write_chapter(
    part: ChapterPart,
    tags: BookTags,
    whole: BookWriter,
    made: MadeBook,
    with_file: bool,
    store: SegmentStore,
    cover: CoverJpeg | None,
    folder: Path,
    tell: OnShare,
) -> None:
    raw, timeline = folder / "chapter.f32", part.timeline
    before, width = part.start / made.seconds, part.seconds / made.seconds
    assemble(timeline, store, raw, lambda share: tell("Joining", before + width * 0.2 * share))
    level = levelled_chapter(
        lambda: blocks(raw, timeline, lambda share: tell("Levelling", before + width * (0.2 + 0.4 * share))),
        timeline.rate, timeline.channels, timeline.frames,
    )  # fmt: skip
    resampler = StreamResampler(timeline.rate, BOOK_RATE, timeline.channels)
    own = BookWriter(folder / part.file_name, "mp3", timeline.rate, timeline.channels, tags, cover=cover) if with_file else None
    if own:
        with own as file:
            for block in level:
                file.write(block)
                _into_book(whole, resampler, block, made)
        made.files.append((own.path, read_acx(own.path)))
    else:
        for block in level:
            _into_book(whole, resampler, block, made)
    rest = resampler.process(np.zeros((0, timeline.channels), np.float32), True)
    if rest.shape[0]:
        whole.write(Audio(rest, BOOK_RATE))
    raw.unlink()


def _into_book(whole: BookWriter, resampler: StreamResampler, block: Audio, made: MadeBook) -> None:
    made.peaks.append(float(np.abs(block.samples).max(initial=0.0)))
    ready = resampler.process(block.samples, False)
    if ready.shape[0]:
        whole.write(Audio(ready, BOOK_RATE))


def pack(made: MadeBook, cover: CoverJpeg | None, target: Path) -> None:
    """Write the MP3s, the cover and a sheet of measurements as one reproducible ZIP."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path, _ in made.files:
            with archive.open(zipfile.ZipInfo(path.name, _ZIP_DATE), "w", force_zip64=True) as member, path.open("rb") as file:
                while block := file.read(1 << 20):
                    member.write(block)
        if cover:
            archive.writestr(zipfile.ZipInfo("cover.jpg", _ZIP_DATE), cover.data)
        archive.writestr(zipfile.ZipInfo("acx.csv", _ZIP_DATE), sheet(made).encode("utf-8-sig"))


def sheet(made: MadeBook) -> str:
    """Return a row for each chapter with the values that ACX requires, and "yes" or the requirements that are not met."""
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(_COLUMNS)
    for path, one in made.files:
        levels = [f"{level:.2f}" for level in (one.duration / 60, one.rms, one.peak, one.floor, one.head, one.tail)]
        rows.writerow([path.name, *levels, one.rate, one.bit_rate, ", ".join(one.failures) or "yes"])
    return table.getvalue()


def _later(cue: Cue, seconds: float) -> Cue:
    words = tuple(TimedWord(word.text, word.start + seconds, word.end + seconds) for word in cue.words)
    return replace(cue, start=cue.start + seconds, end=cue.end + seconds, words=words)
