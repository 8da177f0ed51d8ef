"""Joins stored segments to one programme: exact pauses, one rate, one loudness, chapters, subtitles and word times.

Memory does not grow with the length: segments are read one at a time into a raw file of the job, which is then normalised and
encoded in blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from capabilities.voiceover.plan import Plan, PlannedChapter, PlannedSegment
from capabilities.voiceover.render import RenderedSegment
from engines.contract import TimedMark
from media.audio.audio import Audio, Samples
from media.audio.encode import Chapter
from media.audio.resample import resample
from media.text.cues import Cue, TimedWord
from media.text.layout import tidy
from studio.artifacts.segments import SegmentStore

PAD_SECONDS = 0.02
"""Of the engine's own silence left on both sides of each segment, counted into the pauses, so that no sound is cut."""

_FADE_SECONDS = 0.004
_BLOCK_FRAMES = 2**16


@dataclass(frozen=True)
class SubtitleLimits:
    """Columns of a line, lines of a cue, and columns a second; 0 for the defaults of the text's script."""

    line: int = 0
    lines: int = 2
    speed: float = 0.0


class SegmentMissing(Exception):
    """A stored segment no longer exists or is incomplete: it has to be rendered again."""


@dataclass(frozen=True)
class PlacedSegment:
    """One segment in the programme, in frames of the programme: the silence before it, its position, and its start in the stored
    sound.
    """

    segment: PlannedSegment
    rendered: RenderedSegment
    gap: int
    start: int
    frames: int
    cut: tuple[int, int]
    """[first, last) frame of the stored sound."""

    def shifted(self, seconds: float, rate: int) -> float:
        """Return a time in the stored sound as a time in the programme, limited to the segment."""
        begin, length = self.start / rate, self.frames / rate
        return begin + min(max(0.0, seconds - self.cut[0] / self.rendered.rate), length)


def written_words(one: PlacedSegment) -> Sequence[TimedMark]:
    """Return the engine's word times for the written words: "1984" lasts from "nineteen" to "four".

    () if an engine does not tell to which of the words its times belong.
    """
    origin, words = one.segment.origin, one.rendered.words
    if origin is None or one.segment.written == one.segment.text:
        return words
    if any(word.offset < 0 for word in words):
        return ()
    shown = origin.reading.shown.text[slice(*origin.written)]
    found: list[TimedMark] = []
    reached = 0
    for word in words:
        start, end = origin.span(word.offset, word.offset + max(1, word.length))
        if found and start < reached:
            found[-1] = replace(found[-1], end=max(found[-1].end, word.end))
            continue
        text = shown[start:end].strip()
        if text:
            found.append(TimedMark(text, word.start, word.end, start, end - start))
            reached = end
    return found


@dataclass(frozen=True)
class Timeline:
    """The positions of all segments in the programme. All times are whole frames, so they are exact."""

    placed: tuple[PlacedSegment, ...]
    rate: int
    channels: int
    frames: int

    @property
    def duration(self) -> float:
        return self.frames / self.rate

    def chapters(self, planned: Sequence[PlannedChapter]) -> list[Chapter]:
        """Chapters that hold speech; what comes before the first heading belongs to none."""
        starts = [(self._begin(chapter.first), chapter.title) for chapter in planned if chapter.first < len(self.placed)]
        following = pairwise([*starts, (self.duration, "")])
        return [Chapter(start, end, title) for (start, title), (end, _) in following if end > start]

    def _begin(self, index: int) -> float:
        return 0.0 if index == 0 else self.placed[index].start / self.rate

    def cues(self, limits: SubtitleLimits = SubtitleLimits()) -> list[Cue]:
        """Readable subtitles in the author's own typography, with the engine's word times where it gave any."""
        return tidy(
            (self._cue(one) for one in self.placed if not one.rendered.failure),
            longest_line=limits.line, lines=limits.lines, fastest=limits.speed, total_seconds=self.duration,
        )  # fmt: skip

    def _cue(self, one: PlacedSegment) -> Cue:
        rate, speech = self.rate, one.rendered.speech
        words = tuple(
            TimedWord(word.text, one.shifted(word.start, rate), one.shifted(word.end, rate)) for word in written_words(one)
        )
        start, end = (one.shifted(at, rate) for at in speech)
        return Cue(start, end, one.segment.written, one.segment.speaker, words)

    def marks(self) -> dict[str, Any]:
        """Segments, words and phonemes with their times in the programme, in seconds; for lip-sync and other programs."""
        return {
            "duration": round(self.duration, 4),
            "segments": [self._marks(one) for one in self.placed],
        }

    def _marks(self, one: PlacedSegment) -> dict[str, Any]:
        def timed(marks: Sequence[TimedMark]) -> list[list[Any]]:
            return [[mark.text, *(round(one.shifted(at, self.rate), 4) for at in (mark.start, mark.end))] for mark in marks]

        start, end = (round(one.shifted(at, self.rate), 4) for at in one.rendered.speech)
        return {
            "id": one.segment.id,
            "start": start,
            "end": end,
            "speaker": one.segment.speaker,
            "text": one.segment.written,
            **({"spoken": one.segment.spoken} if one.segment.spoken else {}),
            "words": timed(written_words(one)),
            "phonemes": timed(one.rendered.phonemes),
        }


def lay_out(plan: Plan, all_rendered: dict[str, RenderedSegment]) -> Timeline:
    """Place every segment: its own silence trimmed to a small pad, the planned pauses between, at the highest rate among them."""
    used = [all_rendered[segment.key] for segment in plan.segments]
    rate, channels = max(rendered.rate for rendered in used), max(rendered.channels for rendered in used)
    placed: list[PlacedSegment] = []
    at = 0
    for segment, rendered in zip(plan.segments, used, strict=True):
        first = max(0, round((rendered.speech[0] - PAD_SECONDS) * rendered.rate))
        last = min(rendered.frames, max(first + 1, round((rendered.speech[1] + PAD_SECONDS) * rendered.rate)))
        pads = 2 * PAD_SECONDS if placed else PAD_SECONDS
        gap = max(0, round((segment.pause_before - pads) * rate))
        frames = round((last - first) * rate / rendered.rate)
        placed.append(PlacedSegment(segment, rendered, gap, at + gap, frames, (first, last)))
        at += gap + frames
    return Timeline(tuple(placed), rate, channels, at + round(plan.tail_pause * rate))


def assemble(timeline: Timeline, store: SegmentStore, path: Path, on_segment: Callable[[float], None]) -> None:
    """Write the programme as raw 32-bit floats; `on_segment` is called with the finished share and may raise.

    Raises:
        SegmentMissing: a segment was removed since it was rendered.
    """
    with path.open("wb") as file:
        for one in timeline.placed:
            _write_silence(file.write, one.gap, timeline.channels)
            file.write(np.ascontiguousarray(_cut(one, timeline, store), dtype="<f4").tobytes())
            on_segment((one.start + one.frames) / timeline.frames)
        last = timeline.placed[-1]
        _write_silence(file.write, timeline.frames - last.start - last.frames, timeline.channels)


def _write_silence(write: Callable[[bytes], Any], frames: int, channels: int) -> None:
    while frames > 0:
        part = min(frames, _BLOCK_FRAMES)
        write(bytes(part * channels * 4))
        frames -= part


def _cut(one: PlacedSegment, timeline: Timeline, store: SegmentStore) -> Samples:
    if one.rendered.failure:
        return np.zeros((one.frames, timeline.channels), np.float32)
    segment = store.get(one.rendered.key)
    if segment is None or segment.audio.frames != one.rendered.frames:
        raise SegmentMissing(one.rendered.key)
    first, last = one.cut
    audio = Audio(_faded(segment.audio.samples[first:last], segment.audio.rate), segment.audio.rate)
    samples = resample(audio, timeline.rate).samples[: one.frames]
    if samples.shape[1] == timeline.channels:
        return samples
    return np.repeat(samples.mean(axis=1, keepdims=True), timeline.channels, axis=1)


def _faded(samples: Samples, rate: int) -> Samples:
    """Fade the ends over a few milliseconds, because a cut inside faint noise would click."""
    length = min(round(rate * _FADE_SECONDS), samples.shape[0] // 2)
    faded = samples.copy()
    if length:
        ramp = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)[:, np.newaxis]
        faded[:length] *= ramp
        faded[-length:] *= ramp[::-1]
    return faded


def blocks(path: Path, timeline: Timeline, on_block: Callable[[float], None]) -> Iterator[Audio]:
    """Yield the assembled programme from its start; `on_block` is called with the share that has been yielded and may raise."""
    size = _BLOCK_FRAMES * timeline.channels * 4
    given = 0
    with path.open("rb") as file:
        while raw := file.read(size):
            samples = np.frombuffer(raw, "<f4").reshape(-1, timeline.channels)
            given += samples.shape[0]
            on_block(given / timeline.frames)
            yield Audio(samples, timeline.rate)
