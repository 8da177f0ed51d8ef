"""Renders the missing segments of a plan: each is spoken, checked, repeated with a new seed if it fails, and stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from capabilities.voiceover.plan import ANCHOR_INDEX, PlannedSegment
from engines.contract import Engine, Speech, SpeechTraits, TimedMark
from engines.contract.errors import EngineNotReady, EngineOutOfMemory, WireError, WorkerDied
from media.audio.audio import Audio, silence
from media.messages.message import Message
from studio.artifacts.segments import Segment, SegmentStore
from studio.errors import EngineError
from studio.jobs.capability import JobContext
from studio.verification.audio_check import TakeCheck, check_take, speed_of
from studio.verification.findings import as_stored, read_stored

BATCH = 8
"""Texts that an engine with a batch call gets at once, after the first one: that is spoken alone, to be heard soon."""
UNSPOKEN_SECONDS = 0.5
"""The silence in place of a piece that could not be spoken."""

FAILED = "failed"
"""Under this key the store keeps, beside where a piece would lie, why it could not be spoken."""

_HOPELESS = 8
"""So many refusals one after the other, and nothing spoken: it is not the words."""

_MOST_DEATHS = 6
"""So many deaths of a worker one after the other, and nothing spoken between: it is not the words."""

_ENDED_BY_THE_STUDIO = frozenset(
    f"worker.{what}" for what in ("ended-for-memory", "lease-over", "studio-closed", "unloaded", "unloaded-at-work")
)

_SHOWN_WORDS = 40
_WORTH_RELOADING = 60.0
"""An engine is not kept through a round with so many seconds of speech for each second that it takes to load."""
_LITTLE_GIB = 0.5
"""One that holds less is kept all the same: its next sentence comes sooner."""


@dataclass(frozen=True)
class RenderedSegment:
    """The metadata of a stored segment.

    Args:
        rate, channels, frames: of the stored sound.
        speech: [start, end) of the speech in it, in seconds.
        words, phonemes: as the engine timed them, in seconds from the start of the stored sound.
        problems: of the best take, () when it passed.
        seed: of that take; attempts: how many were made.
        failure: why the engine could not speak it; nothing is stored then, and a short silence replaces it.
    """

    key: str
    rate: int
    channels: int
    frames: int
    speech: tuple[float, float]
    words: tuple[TimedMark, ...]
    phonemes: tuple[TimedMark, ...]
    problems: tuple[Message, ...]
    seed: int
    attempts: int
    engine_seconds: float
    failure: str = ""

    @classmethod
    def unspoken(cls, segment: PlannedSegment, why: str) -> RenderedSegment:
        """Return what replaces a segment that could not be spoken, until it is corrected."""
        rate = segment.role.casting.engine_cls.card.traits_of(SpeechTraits).sample_rate or 24_000
        return cls(
            segment.key, rate, 1, round(UNSPOKEN_SECONDS * rate), (0.0, UNSPOKEN_SECONDS), (), (),
            (Message.of("narration.not-spoken", why=why),), segment.seed, 1, 0.0, why,
        )  # fmt: skip

    @property
    def duration(self) -> float:
        return self.speech[1] - self.speech[0]

    @classmethod
    def of(cls, segment: Segment) -> RenderedSegment:
        data, audio = segment.data, segment.audio
        return cls(
            key=segment.key,
            rate=audio.rate,
            channels=audio.channels,
            frames=audio.frames,
            speech=(float(data["speech"][0]), float(data["speech"][1])),
            words=tuple(TimedMark(*mark) for mark in data["words"]),
            phonemes=tuple(TimedMark(*mark) for mark in data["phonemes"]),
            problems=read_stored(data),
            seed=int(data["seed"]),
            attempts=int(data["attempts"]),
            engine_seconds=float(data["engine_seconds"]),
        )


@dataclass(frozen=True)
class _RenderedTake:
    speech: Speech
    check: TakeCheck
    seed: int


OnSegment = Callable[[PlannedSegment, RenderedSegment], None]
OnFailure = Callable[[PlannedSegment, EngineError], None]


def render_missing(
    missing: Sequence[PlannedSegment],
    store: SegmentStore,
    context: JobContext,
    retries: int,
    on_segment: OnSegment,
    on_failure: OnFailure | None = None,
) -> dict[str, RenderedSegment]:
    """Render segments that are not in the store, and report each when it is stored.

    Segments are processed engine by engine, so that each is loaded once; each segment is stored before the next is begun, so that
    a kill loses only the one being rendered. A segment that fails its checks after all retries is kept with its problems, because
    a doubtful sentence is better than no narration. With `on_failure`, a segment that its engine refuses, or during which its
    worker dies twice, is reported to it and left out, and the rest is spoken.

    Raises:
        EngineError: an engine refuses a line, which is named, or fails, unless `on_failure` is given. What the context raises.
    """
    made: dict[str, RenderedSegment] = {}
    failed = 0

    def tell(segment: PlannedSegment, rendered: RenderedSegment | EngineError) -> None:
        nonlocal failed
        context.check()
        if isinstance(rendered, RenderedSegment):
            made[segment.key] = rendered
            on_segment(segment, rendered)
            return
        failed += 1
        if on_failure is None or (failed >= _HOPELESS and not made):
            raise rendered
        on_failure(segment, rendered)

    for engine_class, group in _by_engine(missing):
        _render_group(engine_class, group, store, context, retries, tell)
    return made


def _render_group(
    engine_class: type[Engine],
    group: Sequence[PlannedSegment],
    store: SegmentStore,
    context: JobContext,
    retries: int,
    tell: Callable[[PlannedSegment, RenderedSegment | EngineError], None],
) -> None:
    """Render the segments of one engine. If its worker dies, a new one begins with the segment that was being rendered, alone;
    after a second death there, that segment counts as one that cannot be spoken, and the next worker continues after it."""
    done: set[str] = set()
    suspect, deaths = "", 0
    while rest := [segment for segment in group if segment.key not in done]:
        batch: list[PlannedSegment] = []
        try:
            with context.engine(engine_class, rest[0].role.options) as engine:
                for batch in _batches(engine_class, rest, alone=bool(suspect)):
                    for segment, rendered in _render_batch(engine, batch, store, retries):
                        done.add(segment.key)
                        deaths = 0
                        tell(segment, rendered)
        except WorkerDied as error:
            at = next((segment for segment in batch if segment.key not in done), None)
            deaths += 1
            if at is None or error.code in _ENDED_BY_THE_STUDIO or deaths > _MOST_DEATHS:
                raise
            context.check()
            if at.key == suspect:
                done.add(at.key)
                tell(at, error)
            suspect = at.key


def release_speakers(unheard: Sequence[tuple[PlannedSegment, RenderedSegment | None]], context: JobContext) -> None:
    """Release the engines that spoke these takes, which wait while they are listened to."""
    seconds = sum(rendered.duration for _, rendered in unheard if rendered)
    for engine in {take.role.casting.engine_cls for take, _ in unheard}:
        if engine.card.memory_gib >= _LITTLE_GIB and seconds >= _WORTH_RELOADING * engine.card.reload_seconds:
            context.release(engine)


def _is_of_this_text(error: EngineError) -> bool:
    """Whether an engine refused this one text, and may speak the next."""
    return not (error.retryable or isinstance(error, EngineNotReady | EngineOutOfMemory | WireError | WorkerDied))


def _by_engine(missing: Sequence[PlannedSegment]) -> Iterator[tuple[type[Engine], list[PlannedSegment]]]:
    """Segments by engine and options, engines in order of first appearance; each key once."""
    groups: dict[str, dict[str, list[PlannedSegment]]] = {}
    seen: set[str] = set()
    for segment in missing:
        if segment.key not in seen:
            seen.add(segment.key)
            options = segment.role.options.model_dump_json()
            groups.setdefault(segment.role.engine_id, {}).setdefault(options, []).append(segment)
    for by_options in groups.values():
        for group in by_options.values():
            yield group[0].role.casting.engine_cls, group


def _batches(engine_class: type[Engine], group: list[PlannedSegment], *, alone: bool) -> Iterator[list[PlannedSegment]]:
    size = BATCH if hasattr(engine_class, "synthesize_batch") and not alone else 1
    yield group[:1]
    for first in range(1, len(group), size):
        yield group[first : first + size]


def _render_batch(
    engine: Any, batch: list[PlannedSegment], store: SegmentStore, retries: int
) -> Iterator[tuple[PlannedSegment, RenderedSegment | EngineError]]:
    started = time.monotonic()
    if len(batch) == 1:
        try:
            speeches = [_speak(engine, batch[0], 0)]
        except EngineError as error:
            if not _is_of_this_text(error):
                raise
            yield batch[0], error
            return
    else:
        try:
            speeches = engine.synthesize_batch([segment.request() for segment in batch])
        except EngineError as error:
            if error.retryable:
                raise
            for segment in batch:  # alone, the one that is refused is named and those before it are kept
                yield from _render_batch(engine, [segment], store, retries)
            return
    share = (time.monotonic() - started) / len(batch)
    for segment, speech in zip(batch, speeches, strict=True):
        yield segment, _keep(engine, segment, speech, share, store, retries)


def _speak(engine: Any, segment: PlannedSegment, attempt: int) -> Speech:
    try:
        return engine.synthesize(segment.request(attempt))  # type: ignore[no-any-return]
    except EngineError as error:
        if segment.index == ANCHOR_INDEX:
            error.within("script.in-voice-made", line=segment.line)
            raise
        shown = segment.text if len(segment.text) <= _SHOWN_WORDS else f"{segment.text[:_SHOWN_WORDS].rstrip()}…"
        error.within("script.in-sentence", line=segment.line, sentence=shown)
        raise


def _keep(
    engine: Any, segment: PlannedSegment, first: Speech, seconds: float, store: SegmentStore, retries: int
) -> RenderedSegment:
    """Check a take, try again while it fails, and store the best one; the others are dropped."""
    best = _judged(first, segment, segment.seed)
    attempts = 1
    while not best.check.passed and attempts <= retries:
        started = time.monotonic()
        take = _judged(_speak(engine, segment, attempts), segment, segment.seed_of(attempts))
        seconds += time.monotonic() - started
        attempts += 1
        if take.speech.audio == best.speech.audio:
            break  # the engine uses no random numbers, so another seed does not help
        if take.check.score > best.check.score:
            best = take
    return RenderedSegment.of(store.put(segment.key, _at_least_a_moment(best.speech.audio), _data(best, attempts, seconds)))


def _judged(speech: Speech, segment: PlannedSegment, seed: int) -> _RenderedTake:
    return _RenderedTake(speech, check_take(speech.audio, segment.text, speed_of(segment.role.options)), seed)


def _at_least_a_moment(audio: Audio) -> Audio:
    """Return a take without any sound as a tenth of a second of silence, marked as doubtful, so that the rest can be joined."""
    return audio if audio.frames else silence(0.1, audio.rate, audio.channels)


def _data(take: _RenderedTake, attempts: int, seconds: float) -> dict[str, Any]:
    speech = take.speech
    return {
        "speech": [take.check.speech_start, take.check.speech_end],
        "words": [_plain(mark) for mark in speech.words],
        "phonemes": [_plain(mark) for mark in speech.phonemes],
        **as_stored(take.check.problems),
        "score": take.check.score,
        "seed": take.seed,
        "attempts": attempts,
        "engine_seconds": round(seconds, 4),
        "seconds": round(take.check.speech_end - take.check.speech_start, 4),
    }


def _plain(mark: TimedMark) -> list[Any]:
    return [mark.text, round(mark.start, 4), round(mark.end, 4), mark.offset, mark.length]
