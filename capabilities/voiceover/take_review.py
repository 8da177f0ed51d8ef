"""Checks every take: it is transcribed and compared with its text and its voice, and rendered again if the job repairs.

The check works in rounds: all takes are checked, then all failed ones are rendered again, and so on. Who waits through a long
round gives back its memory, so that speech model and recogniser are not held at the same time. The findings on a take are stored
with its sound, and the choice of the take is computed from them and not stored. A killed job therefore continues where it was
and ends with the same takes as an uninterrupted one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from capabilities.voiceover.plan import Plan, PlannedSegment
from capabilities.voiceover.render import RenderedSegment, release_speakers
from engines.catalog import Catalog
from engines.contract import Engine, EngineKind, EnginePaths
from media.audio.audio import Audio
from media.audio.decode import decode_audio
from media.audio.voice_similarity import VoiceFeatures, measure_voice, unlike_measures
from media.messages.message import Message
from studio.artifacts.segments import SegmentStore
from studio.errors import Cancelled, EngineError
from studio.jobs.capability import JobContext
from studio.settings import VoiceoverSettings
from studio.verification.review import Review, best, review
from studio.verification.text_normalisation import comparable_words
from studio.verification.verifiers import FOLLOWER, SHORTEST_TO_COMPARE, is_ready, likeness_band

Render = Callable[[Sequence[PlannedSegment]], dict[str, RenderedSegment]]
"""Speaks takes that are not in the store and gives all of them by key."""

Answer = TypeVar("Answer")

Heard = tuple[PlannedSegment, Review, RenderedSegment | None]
"""One take, what was found, and its segment; None where its sound was deleted after it had lost."""


class VerificationProgress(Protocol):
    """Receives the progress of the check."""

    def start_checking(self, takes: Collection[PlannedSegment]) -> None:
        """Begin a round with these takes."""

    def checked(self, take: PlannedSegment, seconds: float) -> None:
        """Report one checked take, and its seconds of work."""


def takes_of(segment: PlannedSegment, store: SegmentStore, tries: int) -> list[tuple[PlannedSegment, Review]]:
    """Return the checked takes of one segment from the files: the first, then each repetition."""
    found: list[tuple[PlannedSegment, Review]] = []
    for number in range(1 + (0 if segment.picked else tries)):
        take = segment.retake(number)
        known = Review.of(store.annotation(take.key))
        if known is None or not store.has(take.key):
            break
        found.append((take, known))
        if not known.redo:
            break
    return found


class TakeReviewer:
    """Checks takes and has failed ones rendered again. Has no state of a job."""

    def __init__(self, settings: VoiceoverSettings, store: SegmentStore, catalog: Catalog, site: EnginePaths) -> None:
        self._settings, self._store, self._catalog, self._site = settings, store, catalog, site

    def checked(
        self,
        planned: Plan,
        all_rendered: dict[str, RenderedSegment],
        context: JobContext,
        render: Render,
        progress: VerificationProgress,
    ) -> dict[str, RenderedSegment]:
        """Return the segment to use for each key of the plan. In the mode "off" they are the given ones.

        Raises:
            Errors of the context and of `render`.
        """
        if planned.check == "off":
            return all_rendered
        unspoken = {key: rendered for key, rendered in all_rendered.items() if rendered.failure}
        firsts = list({segment.key: segment for segment in planned.segments if segment.key not in unspoken}.values())
        takes: dict[str, list[Heard]] = {segment.key: [] for segment in firsts}
        due: list[tuple[PlannedSegment, PlannedSegment, RenderedSegment | None]]
        due = [(segment, segment, all_rendered[segment.key]) for segment in firsts]
        for number in range(1, self._settings.check_tries + 2):
            reviews = self._reviewed([(take, rendered) for _, take, rendered in due], planned, context, progress)
            for (first, take, rendered), found in zip(due, reviews, strict=True):
                takes[first.key].append((take, found, rendered))
            again = [segment for segment in firsts if self._needs_another(segment, takes[segment.key], planned)]
            if not again or number > self._settings.check_tries:
                break
            retakes = [segment.retake(number) for segment in again]
            made = render([take for take in retakes if not self._dropped(take, planned.check_with)])
            due = [(first, take, made.get(take.key)) for first, take in zip(again, retakes, strict=True)]
        return {**unspoken, **{key: self._kept(made_takes, render) for key, made_takes in takes.items()}}

    def record(self, planned: Plan) -> dict[str, list[dict[str, Any]]]:
        """Return the findings on the takes of each segment for a recipe, by the key of its first take; {} without checks."""
        if planned.check == "off":
            return {}
        tries = self._settings.check_tries if planned.check == "repair" else 0
        return {
            segment.key: [
                {"key": take.key, "seed": take.seed, "score": found.score, "error_rate": found.error_rate,
                 "likeness": found.likeness, "problems": found.sentences, "listener": found.listener}
                for take, found in takes_of(segment, self._store, tries)
            ]
            for segment in planned.segments
        }  # fmt: skip

    def _dropped(self, take: PlannedSegment, listener: str) -> bool:
        """Whether this take was listened to and lost, and its sound was deleted as the setting asks."""
        return self._known(take, listener) is not None and not self._store.has(take.key)

    def _needs_another(self, segment: PlannedSegment, takes: Sequence[Heard], planned: Plan) -> bool:
        if planned.check != "repair" or segment.picked or not takes[-1][1].redo:
            return False
        if len(takes) < 2:
            return True
        one, other = (self._store.get(take.key) for take, _, _ in takes[-2:])
        return one is None or other is None or one.audio != other.audio  # no chance in this engine: no seed will help

    def _kept(self, takes: Sequence[Heard], render: Render) -> RenderedSegment:
        chosen = best([found for _, found, _ in takes])
        if not self._settings.keep_takes:
            for index, (take, _, _) in enumerate(takes[1:], 1):
                if index != chosen:
                    self._store.drop_sound(take.key)
        take, _, rendered = takes[chosen]
        return rendered or render([take])[take.key]

    def _reviewed(
        self,
        due: Sequence[tuple[PlannedSegment, RenderedSegment | None]],
        planned: Plan,
        context: JobContext,
        progress: VerificationProgress,
    ) -> list[Review]:
        """Return the findings on each take, checking those without any."""
        known = [self._known(take, planned.check_with) for take, _ in due]
        if all(found is not None for found in known):
            return [found for found in known if found is not None]
        found_now: list[Review] = []
        unheard = [(take, rendered) for (take, rendered), before in zip(due, known, strict=True) if before is None]
        progress.start_checking([take for take, _ in unheard])
        if planned.check_with:
            release_speakers(unheard, context)
        with _Verifiers(planned.check_with, self._catalog, self._site, context) as verifiers:
            for (take, rendered), before in zip(due, known, strict=True):
                context.check()
                if before is None and rendered is not None:
                    before = self._listen(verifiers, take, rendered)
                    context.event("check", id=take.id, score=before.score, redo=before.redo, problems=before.sentences)
                    progress.checked(take, verifiers.lap())
                assert before is not None  # a take without a sound is one that was listened to
                found_now.append(before)
        return found_now

    def _known(self, take: PlannedSegment, listener: str) -> Review | None:
        found = Review.of(self._store.annotation(take.key))
        expected = self._listener_of(take, listener)
        return found if found is not None and found.listener == expected else None

    def _listener_of(self, take: PlannedSegment, listener: str) -> str:
        """Id and version of who listens to this take, "" when no one understands its language."""
        if not listener:
            return ""
        card = self._catalog.get(listener).card
        understood = not card.languages or take.role.language.split("-")[0].lower() in card.languages
        return f"{card.id} {card.version}" if understood else ""

    def _listen(self, verifiers: _Verifiers, take: PlannedSegment, rendered: RenderedSegment) -> Review:
        stored = self._store.get(take.key)
        audio = (stored.audio if stored else Audio(np.zeros(1, np.float32), rendered.rate)).slice(*rendered.speech)
        listener, _, version = self._listener_of(take, verifiers.listener).partition(" ")
        heard = verifiers.hear(audio, take.text, take.role.language) if listener and audio.frames else None
        followed = verifiers.follow(audio, take.text, take.role.language) if listener and audio.frames else None
        reference = take.role.casting.voice.reference
        likeness = verifiers.likeness(audio, reference) if reference is not None else None
        unlike = verifiers.unlike(audio, reference) if reference is not None and likeness is None else None
        floor = self._settings.likeness_floors.get(take.role.engine_id, self._settings.likeness_floor)
        found = review(
            take.text, heard, listener, version, take.role.language, options=verifiers.settled, followed=followed,
            cheap_problems=rendered.problems, cheap_score=max(0.0, 1.0 - 0.4 * len(rendered.problems)), unlike=unlike,
            likeness=likeness, likeness_band=likeness_band(verifiers.embedder, floor),
        )  # fmt: skip
        self._store.annotate(take.key, {**found.as_data(), "seed": take.seed})
        return found


class _Verifiers:
    """The engines of the check, each leased when it is first needed and released at the end."""

    def __init__(self, listener: str, catalog: Catalog, site: EnginePaths, context: JobContext) -> None:
        self.listener = listener
        self._catalog, self._site, self._context = catalog, site, context
        self._leases = ExitStack()
        self._engines: dict[str, Any] = {}
        self._embedder, self._follower = self._find("embed"), self._find("align")
        self._references: dict[Path, Any] = {}
        self._measures: dict[Path, VoiceFeatures | None] = {}
        self._lap = time.monotonic()

    def __enter__(self) -> _Verifiers:
        return self

    def __exit__(self, *error: Any) -> None:
        self._leases.close()

    def lap(self) -> float:
        """Seconds since the last call: the first includes what was loaded."""
        before, self._lap = self._lap, time.monotonic()
        return self._lap - before

    def hear(self, audio: Audio, text: str, language: str) -> str | None:
        """What is heard, None when the listener cannot take this sound or text."""
        engine_class = self._catalog.get(self.listener)
        engine = self._leased(engine_class)
        if hasattr(engine_class, "align"):
            return _unless_refused(lambda: str(engine.align(audio, _as_it_sounds(text, language), language).text))
        return _unless_refused(lambda: str(engine.transcribe(audio, language).text))

    def follow(self, audio: Audio, text: str, language: str) -> str | None:
        """What the reading follower hears beside a recogniser, which hears past a word that is missing or said twice; None where
        it listens itself, is not ready, or cannot take this sound or text."""
        if self.listener == FOLLOWER or self._follower is None:
            return None
        if language.split("-")[0].lower() not in self._follower.card.languages:
            return None
        engine = self._leased(self._follower)
        return _unless_refused(lambda: str(engine.align(audio, _as_it_sounds(text, language), language).text))

    @property
    def settled(self) -> dict[str, object]:
        """The recogniser's resolved options, because its trust depends on its size."""
        engine = self._catalog.get(self.listener)
        return engine.settled(self._site, engine.Options()).model_dump()

    @property
    def embedder(self) -> str:
        """The id of the engine that compares voices, "" without one."""
        return self._embedder.card.id if self._embedder else ""

    def likeness(self, audio: Audio, reference: Path) -> float | None:
        """To the reference, by the embedding engine that is ready; None without one, and where there is too little speech."""
        if self._embedder is None or audio.duration < SHORTEST_TO_COMPARE:
            return None
        engine = self._leased(self._embedder)

        def compared() -> float:
            if reference not in self._references:
                self._references[reference] = engine.embed(decode_audio(reference))
            return float(np.dot(engine.embed(audio), self._references[reference]))

        return _unless_refused(compared)

    def unlike(self, audio: Audio, reference: Path) -> Message | None:
        if reference not in self._measures:
            self._measures[reference] = measure_voice(decode_audio(reference))
        known, heard = self._measures[reference], measure_voice(audio)
        return None if known is None or heard is None else unlike_measures(heard, known)

    def _find(self, method: str) -> type[Engine] | None:
        able = (one for one in self._catalog.of(EngineKind.VERIFICATION) if hasattr(one, method))
        return next((one for one in able if is_ready(one, self._site)), None)

    def _leased(self, engine: type[Engine]) -> Any:
        if engine.card.id not in self._engines:
            lease: AbstractContextManager[Any] = self._context.engine(engine, engine.Options())
            self._engines[engine.card.id] = self._leases.enter_context(lease)
        return self._engines[engine.card.id]


def _unless_refused(ask: Callable[[], Answer]) -> Answer | None:
    """Return the answer of an engine, or None if it cannot take this sound or text."""
    try:
        return ask()
    except Cancelled:
        raise
    except EngineError as error:
        if error.retryable:
            raise
        return None


def _as_it_sounds(text: str, language: str) -> str:
    """The words that a follower is told."""
    return " ".join(comparable_words(text, language, contracted=True))


__all__ = ["TakeReviewer", "takes_of"]
