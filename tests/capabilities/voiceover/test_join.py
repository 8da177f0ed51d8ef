from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from capabilities.voiceover.join import PAD_SECONDS, SegmentMissing, Timeline, assemble, blocks, lay_out
from capabilities.voiceover.render import RenderedSegment
from media.audio.audio import Audio
from media.audio.normalisation import normalise_loudness
from studio.artifacts.segments import SegmentStore
from tests.capabilities.voiceover.conftest import Narrator

SCRIPT = "# One\n\nFirst one. Second one. [pause 1.5s] Third one.\n\n# Two\n\nFourth one. [pause 700ms]"
PAUSES = [0.0, 0.45, 1.5, 1.6]
TAIL = 0.7


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    return SegmentStore(tmp_path / "segments", 10**9)


def put(
    store: SegmentStore, key: str, seconds: float, rate: int, channels: int = 1, lead: float = 0.25, trail: float = 0.4
) -> RenderedSegment:
    """A tone between two stretches of the engine's own silence."""
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)
    samples = np.concatenate([np.zeros(round(lead * rate)), tone, np.zeros(round(trail * rate))])
    audio = Audio(np.repeat(samples[:, np.newaxis], channels, axis=1).astype(np.float32), rate)
    words = [["one", lead, lead + seconds / 2, 0, 3], ["two", lead + seconds / 2, lead + seconds, 4, 3]]
    data = {"speech": [lead, lead + seconds], "words": words, "phonemes": [], "problems": [], "seed": 1, "attempts": 1}
    return RenderedSegment.of(store.put(key, audio, {**data, "engine_seconds": 0.1}))


def heard(audio: Audio) -> list[tuple[float, float]]:
    """Where there is sound, in seconds."""
    loud = np.abs(audio.mono().samples[:, 0]) > 0.02
    frames = np.convolve(loud, np.ones(audio.rate // 50), "same") > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], frames.astype(int), [0]])))
    return [(start / audio.rate, end / audio.rate) for start, end in edges.reshape(-1, 2)]


def joined(narrator: Narrator, store: SegmentStore, path: Path) -> tuple[Timeline, Audio]:
    planned = narrator.voiceover.plan(narrator.prepared(SCRIPT))
    kinds = [(1.0, 16_000, 1), (0.8, 22_050, 1), (1.3, 24_000, 2), (0.6, 16_000, 1)]
    pieces = {one.key: put(store, one.key, *kind) for one, kind in zip(planned.segments, kinds, strict=True)}
    timeline = lay_out(planned, pieces)
    assemble(timeline, store, path, lambda share: None)
    return timeline, Audio(np.concatenate([block.samples for block in blocks(path, timeline, lambda share: None)]), timeline.rate)


def test_pauses_are_true_whatever_silence_the_engine_left(narrator: Narrator, store: SegmentStore, tmp_path: Path) -> None:
    timeline, audio = joined(narrator, store, tmp_path / "raw")
    assert (timeline.rate, timeline.channels) == (24_000, 2)
    assert audio.frames == timeline.frames
    sounds = heard(audio)
    gaps = [start - end for (_, end), (start, _) in pairwise(sounds)]
    assert gaps == pytest.approx(PAUSES[1:], abs=0.03)
    assert [end - start for start, end in sounds] == pytest.approx([1.0, 0.8, 1.3, 0.6], abs=0.03)
    assert audio.duration - sounds[-1][1] == pytest.approx(TAIL + PAD_SECONDS, abs=0.02)


def test_chapters_cues_and_marks_lie_where_the_sound_is(narrator: Narrator, store: SegmentStore, tmp_path: Path) -> None:
    timeline, audio = joined(narrator, store, tmp_path / "raw")
    planned = narrator.voiceover.plan(narrator.prepared(SCRIPT))
    one, two = timeline.chapters(planned.chapters)
    assert (one.start, one.end, two.end) == (0.0, two.start, timeline.duration)
    sounds = heard(audio)
    assert two.start == pytest.approx(sounds[3][0], abs=0.05)
    for cue in timeline.cues():
        within = [(start, end) for start, end in sounds if start > cue.start - 0.03 and end < cue.end + 0.03]
        assert cue.start == pytest.approx(within[0][0], abs=0.03)
        assert cue.end >= within[-1][1] - 0.03
    marks = timeline.marks()["segments"]
    assert [mark["words"][0][1] for mark in marks] == pytest.approx([start for start, _ in sounds], abs=0.03)


def test_a_script_without_chapters_has_none(narrator: Narrator, store: SegmentStore) -> None:
    planned = narrator.voiceover.plan(narrator.prepared("Only one."))
    timeline = lay_out(planned, {planned.segments[0].key: put(store, planned.segments[0].key, 1.0, 16_000)})
    assert timeline.chapters(planned.chapters) == []
    assert timeline.duration == pytest.approx(1.0 + 2 * PAD_SECONDS)


def test_a_piece_that_went_missing_is_told(narrator: Narrator, store: SegmentStore, tmp_path: Path) -> None:
    planned = narrator.voiceover.plan(narrator.prepared("Only one."))
    timeline = lay_out(planned, {planned.segments[0].key: put(store, planned.segments[0].key, 1.0, 16_000)})
    store.remove(planned.segments[0].key)
    with pytest.raises(SegmentMissing):
        assemble(timeline, store, tmp_path / "raw", lambda share: None)


def test_the_programme_can_be_read_as_often_as_levelling_needs(narrator: Narrator, store: SegmentStore, tmp_path: Path) -> None:
    timeline, audio = joined(narrator, store, tmp_path / "raw")
    stream = normalise_loudness(lambda: blocks(tmp_path / "raw", timeline, lambda share: None), -16, -1.0)
    assert sum(block.frames for block in stream) == sum(block.frames for block in stream) == audio.frames
