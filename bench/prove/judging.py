"""Whether what an engine made is what was asked for: words heard again, a voice known again, pictures that move."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.prove.inputs import SENTENCE, Work, portrait_clip, sample
from engines.contract import Engine, SpeechTraits
from media.audio.decode import decode_audio
from media.video.read import probe_video, read_frames
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.verification.verifiers import is_ready
from studio.verification.word_error_rate import word_error_rate

EXPECTATIONS = Path(__file__).with_name("expectations.toml")
LISTENERS = ("faster-whisper", "whisper-gpu", "pocketsphinx")
EMBEDDERS = ("wavlm-speaker", "voice-encoder")


@dataclass(frozen=True)
class Measure:
    """One thing that was measured of a result, and what it was expected to be: at most or at least `limit`."""

    name: str
    value: float
    limit: float
    at_most: bool

    @property
    def good(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def __str__(self) -> str:
        return f"{self.name} {self.value:.2f} ({'at most' if self.at_most else 'at least'} {self.limit:g})"


class Judge:
    """Measures the results of one studio's jobs against the stored expectations."""

    def __init__(self, studio: Services, folder: Path) -> None:
        self._studio, self._folder = studio, folder
        self._expected: dict[str, dict[str, Any]] = tomllib.loads(EXPECTATIONS.read_text("utf-8"))

    def measures(self, engine: type[Engine], work: Work, job: Job) -> list[Measure]:
        """What can be measured of the finished job; [] where nothing here can."""
        result = Path(job.outputs[0].path)
        measured: Callable[[type[Engine], Job, Path], list[Measure]] = {
            "voiceover": self._speech, "transcription": self._transcript, "lip_sync": self._lips,
            "text_to_video": self._moving, "animate_portrait": self._moving, "character_swap": self._moving,
            "upscale": self._larger,
        }[work.kind]  # fmt: skip
        return measured(engine, job, result)

    def _limit(self, engine_id: str, name: str) -> float:
        """The engine's own expectation, else that of all."""
        return float({**self._expected["all"], **self._expected.get(engine_id, {})}[name])

    def _speech(self, engine: type[Engine], job: Job, sound: Path) -> list[Measure]:
        found = []
        listener = next((one for one in LISTENERS if is_ready(self._studio.catalog.get(one), self._studio.site)), "")
        if listener:
            spec = {"audio": str(sound), "engine": listener, "language": "en"}
            heard = self._studio.jobs.wait(self._studio.jobs.submit("transcription", spec).id)
            if heard.state is JobState.DONE:
                rate = word_error_rate(SENTENCE, text_of(heard))
                found.append(Measure("words wrong", rate, self._limit(engine.card.id, f"wer_{listener}"), at_most=True))
        if engine.card.traits_of(SpeechTraits).clones:
            found += self._likeness(engine.card.id, sound)
        return found

    def _likeness(self, engine_id: str, sound: Path) -> list[Measure]:
        for embedder in EMBEDDERS:
            able = self._studio.catalog.get(embedder)
            if is_ready(able, self._studio.site):
                with self._studio.workers.lease(able, able.Options()) as listening:
                    one, other = (listening.embed(decode_audio(path)) for path in (sound, sample().master))
                likeness = float(np.dot(one, other))
                return [Measure("likeness", likeness, self._limit(engine_id, f"likeness_{embedder}"), at_most=False)]
        return []

    def _transcript(self, engine: type[Engine], job: Job, result: Path) -> list[Measure]:
        rate = word_error_rate(sample().transcript, text_of(job))
        return [Measure("words wrong", rate, self._limit(engine.card.id, "wer_of_transcript"), at_most=True)]

    def _lips(self, engine: type[Engine], job: Job, video: Path) -> list[Measure]:
        recipe = self._studio.library.get(job.outputs[0].id).recipe
        sync = recipe.get("report", {}).get("sync_correlation")
        found = [] if sync is None else [Measure("sync", float(sync), self._limit(engine.card.id, "sync"), at_most=False)]
        return [*found, *self._moving(engine, job, video)]

    def _moving(self, engine: type[Engine], job: Job, video: Path) -> list[Measure]:
        """Pictures with something in them (levels of 255 around their mean), of which the last is not the first."""
        pictures = [frame.picture.astype(np.float32) for frame in read_frames(video)]
        contrast = min(float(picture.std()) for picture in pictures)
        change = float(np.abs(pictures[-1] - pictures[0]).mean())
        card = engine.card.id
        return [
            Measure("contrast", contrast, self._limit(card, "contrast"), at_most=False),
            Measure("change", change, self._limit(card, "change"), at_most=False),
        ]

    def _larger(self, engine: type[Engine], job: Job, video: Path) -> list[Measure]:
        """Made small again the pictures are those that were given, in decibels."""
        import cv2

        source, made = portrait_clip(self._folder), probe_video(video)
        given = probe_video(source)
        errors = []
        for one, other in zip(read_frames(source), read_frames(video), strict=True):
            small = cv2.resize(other.picture, (given.width, given.height), interpolation=cv2.INTER_AREA)
            errors.append(float(np.square(small.astype(np.float32) - one.picture.astype(np.float32)).mean()))
        fidelity = 10 * float(np.log10(255**2 / max(float(np.mean(errors)), 1e-6)))
        return [
            Measure("times as wide", made.width / given.width, self._limit(engine.card.id, "times_as_wide"), at_most=False),
            Measure("fidelity", fidelity, self._limit(engine.card.id, "fidelity"), at_most=False),
        ]


def text_of(job: Job) -> str:
    """What a transcription wrote down."""
    written = next(Path(output.path) for output in job.outputs if output.path.endswith(".txt"))
    return written.read_text("utf-8")
