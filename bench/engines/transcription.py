"""What the studio costs on top of the bare library: one file through a transcription job and through faster-whisper itself.

    python -m bench.engines.transcription [SECONDS_OF_SOUND] [ROUNDS]

Both use the same random weights (written here, nothing is downloaded), the same options and warm
models. Each round hears a sound of its own, so that nothing is taken from the studio's cache, and the two take turns.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.figures import Figure, tell
from capabilities.registry import all_capabilities
from engines.transcription.common.whisper_weights import FASTER, folder_of  # fmt: skip
from engines.transcription.faster_whisper.engine import FIRST_TEMPERATURES
from media.audio.audio import Audio, concatenate
from media.audio.decode import decode_audio
from media.audio.encode import write_audio
from media.audio.resample import resample
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import HOME, load_settings

WIDTH, LAYERS, HEADS = 256, 4, 4
"""Between nothing and Whisper tiny (384, 4, 6); the weights say one short text for each half minute."""


def main(seconds: float = 30.0, rounds: int = 4) -> float:
    """Print what both cost and the ratios; gives that of the processor's time."""
    from faster_whisper import WhisperModel

    from tests.engines.transcription.whisper_checkpoint import write_faster_whisper

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_faster_whisper(root / "weights", "base", WIDTH, LAYERS, HEADS)
        studio = Services.open(
            load_settings(data={"folder": str(root / "data"), "weights": [str(root / "weights")]}), all_capabilities
        )
        try:
            threads = min(8, os.cpu_count() or 1)
            bare = WhisperModel(
                str(folder_of(studio.site, FASTER, "base")), device="cpu", compute_type="int8", cpu_threads=threads
            )
            sounds = [_sound(root / "data" / "uploads", number, seconds) for number in range(rounds + 1)]
            _through_studio(studio, sounds[0])  # starts the worker
            _bare(bare, sounds[0])
            pairs: list[tuple[Cost, Cost]] = []
            for number, sound in enumerate(sounds[1:], 1):
                alone, within = _bare(bare, sound), _through_studio(studio, sound)
                pairs.append((alone, within))
                print(f"round {number}: bare {alone}, studio {within}", flush=True)
        finally:
            studio.close()
    wall = statistics.median(within.wall / alone.wall for alone, within in pairs)
    processor = statistics.median(within.processor / alone.processor for alone, within in pairs)
    note = f"{seconds:g} s of speech, processor's time of all processes; by the clock the ratio is {wall:.3f}"
    used, bare = ([pair[side].processor for pair in pairs] for side in (1, 0))
    tell(
        Figure(
            "faster-whisper through the studio", "s", used, statistics.median(bare), "bare library", "at most 1.05 of it", note
        )
    )
    print(f"faster-whisper through the studio / bare, {seconds:g} s of speech, median of {rounds}:")
    print(f"{wall:.3f} of the time, {processor:.3f} of the processor's time (the fairer one where others use the machine too)")
    return processor


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of the processor in all processes that took part."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:6.2f} s ({self.processor:6.2f} s of processor)"


def _sound(folder: Path, number: int, seconds: float) -> Path:
    """Real speech of that length, each a little softer than the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = [resample(decode_audio(path), 16_000) for path in sorted((HOME / "assets" / "voices").glob("LJ001-*.wav"))]
    speech = concatenate(clips)
    whole = concatenate([speech] * (int(seconds / speech.duration) + 1)).slice(0, seconds)
    path = folder / f"speech-{number}.wav"
    write_audio(path, Audio(whole.samples * 0.98**number, whole.rate))
    return path


def _bare(model: Any, sound: Path) -> Cost:
    began, used = time.perf_counter(), time.process_time()
    segments, _ = model.transcribe(
        str(sound), language="en", beam_size=5, temperature=list(FIRST_TEMPERATURES), condition_on_previous_text=False,
        word_timestamps=True, vad_filter=True,
    )  # fmt: skip
    list(segments)
    return Cost(time.perf_counter() - began, time.process_time() - used)


def _through_studio(studio: Services, sound: Path) -> Cost:
    began, used = time.perf_counter(), _processor(studio)
    spec = {"audio": str(sound), "engine": "faster-whisper", "language": "en"}
    job = studio.jobs.wait(studio.jobs.submit("transcription", spec).id)
    if job.state is not JobState.DONE and not (job.error and job.error.reason.startswith("No speech was found")):
        raise SystemExit(
            f"The job ended {job.state}: {job.error}"
        )  # random weights may hear nothing, which is heard all the same
    return Cost(time.perf_counter() - began, _processor(studio) - used)


def _processor(studio: Services) -> float:
    """Seconds of the processor that the studio and its workers have used."""
    workers = (psutil.Process(worker.pid).cpu_times() for worker in studio.workers.snapshot())
    return time.process_time() + sum(times.user + times.system for times in workers)


if __name__ == "__main__":
    given = sys.argv[1:3]
    main(*map(float, given[:1]), *map(int, given[1:]))  # type: ignore[arg-type]
