"""Transcription as a job: files in the library, resumed part by part, voices that get their transcript."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from capabilities.registry import all_capabilities
from capabilities.transcription.run import Transcriber
from media.audio.audio import Audio, concatenate, silence
from media.audio.encode import AudioWriter
from media.text.formats import parse_srt
from studio.errors import EngineNotReady, InvalidInput, NotFound
from studio.jobs.capability import JobContext
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import load_settings
from tests.engines.transcription import whisper_script
from tests.engines.transcription.conftest import SPOKEN

pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("studio") / "data"
    studio = Services.open(load_settings(data={"folder": str(folder), "weights": [str(weights)]}), all_capabilities)
    (folder / "uploads").mkdir()
    yield studio
    studio.close()


def upload(studio: Services, name: str = "clip.wav") -> Path:
    path = studio.paths.root / "uploads" / name
    shutil.copy(SPOKEN, path)
    return path


def transcribed(studio: Services, **spec: object) -> Job:
    job = studio.jobs.submit("transcription", {"audio": str(upload(studio)), "engine": "pocketsphinx", **spec})
    return studio.jobs.wait(job.id, 120)


def test_a_sound_becomes_text_subtitles_and_timed_words_in_the_library(studio: Services) -> None:
    job = transcribed(studio)
    assert job.state is JobState.DONE, job.error
    assert [output.kind for output in job.outputs] == ["text", "subtitles", "subtitles", "words"]
    text, srt, vtt, words = (Path(output.path) for output in job.outputs)
    assert text.read_text() == "has never been surpassed\n"
    (cue,) = parse_srt(srt.read_text())
    assert cue.text == "has never been surpassed" and 0 <= cue.start < cue.end <= 1.8
    assert vtt.read_text().startswith("WEBVTT")
    assert [word[0] for word in json.loads(words.read_text())["segments"][0]["words"]] == ["has", "never", "been", "surpassed"]
    kept = studio.library.get(job.outputs[0].id)
    assert (
        kept.engine == "pocketsphinx" and kept.recipe["inputs"][0]["sha256"] and kept.duration == pytest.approx(1.783, abs=0.01)
    )


def test_auto_says_which_and_why_and_takes_whisper_before_basic_english(studio: Services) -> None:
    job = studio.jobs.submit("transcription", {"audio": str(upload(studio)), "language": "en"})
    assert job.spec["engine"] == "faster-whisper" and job.spec["options"] == {"size": "tiny"}
    assert "most accurate" in job.spec["chosen"]
    done = studio.jobs.wait(job.id, 60)
    assert done.state is JobState.DONE, done.error
    assert Path(done.outputs[0].path).read_text("utf-8") == f"{whisper_script.SAID}\n"


def test_what_was_heard_once_is_not_heard_again(studio: Services) -> None:
    first = transcribed(studio)
    studio.engines.unload("pocketsphinx", force=True)
    again = transcribed(studio)
    assert again.state is JobState.DONE and again.outputs[0].id != first.outputs[0].id
    assert not [worker for worker in studio.workers.snapshot() if worker.engine_id == "pocketsphinx"], "no engine was started"


def test_a_sound_without_speech_fails_in_words(studio: Services) -> None:
    path = studio.paths.root / "uploads" / "silence.wav"
    with AudioWriter(path, "wav", 16_000, 1) as writer:
        writer.write(silence(3, 16_000))
    job = studio.jobs.wait(studio.jobs.submit("transcription", {"audio": str(path), "engine": "pocketsphinx"}).id, 60)
    assert job.error is not None and job.error.reason == "No speech was found in silence.wav." and not job.error.retryable


def test_what_cannot_work_is_refused_before_it_is_queued(studio: Services, tmp_path: Path) -> None:
    elsewhere = tmp_path / "clip.wav"
    shutil.copy(SPOKEN, elsewhere)
    for spec, error, words in (
        ({"audio": str(elsewhere)}, InvalidInput, "not one of the studio's files"),
        ({"audio": str(studio.paths.root / "jobs.db")}, InvalidInput, "not one of the studio's files"),
        ({"audio": str(studio.paths.outputs / ".." / "jobs.db")}, InvalidInput, "not one of the studio's files"),
        ({"audio": str(studio.paths.root / "uploads" / "gone.wav")}, NotFound, "not there any more"),
        ({"audio": str(upload(studio)), "engine": "hibari"}, InvalidInput, "does not write down"),
        ({"audio": str(upload(studio)), "engine": "pocketsphinx", "language": "de"}, InvalidInput, '"de"'),
        ({"audio": str(upload(studio)), "engine": "whisper-gpu"}, EngineNotReady, "not ready"),
        ({"audio": str(upload(studio)), "engine": "pocketsphinx", "options": {"size": "tiny"}}, InvalidInput, '"size"'),
    ):
        with pytest.raises(error, match=words):
            studio.jobs.submit("transcription", spec)


class _Watched:
    """A stage over the real workers that counts what is leased and told, and can be stopped after some parts."""

    def __init__(self, studio: Services, parts: int) -> None:
        self._studio, self._left = studio, parts
        self.fractions: list[float] = []
        self.heard: list[float] = []
        self.most_memory = 0

    def engine(self, engine, options):  # type: ignore[no-untyped-def]
        return self._studio.workers.lease(engine, options)

    def span(self, start: float, end: float):  # type: ignore[no-untyped-def]
        from contextlib import nullcontext

        return nullcontext()

    def progress(self, fraction: float, note: str = "", eta_seconds: float | None = None) -> None:
        self.fractions.append(fraction)
        self.most_memory = max(self.most_memory, psutil.Process().memory_info().rss)

    def event(self, kind: str, **data: float) -> None:
        self.heard.append(data["start"])
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


def _long_sound(studio: Services, minutes: int, name: str) -> Path:
    """Bursts of noise with pauses between them, different each minute; nothing that anyone says."""
    path = studio.paths.root / "uploads" / name
    random = np.random.default_rng(0)
    with AudioWriter(path, "flac", 16_000, 1) as writer:
        for _ in range(minutes):
            bursts = [Audio((random.standard_normal(32_000) * 0.1).astype(np.float32), 16_000), silence(1, 16_000)]
            writer.write(concatenate(bursts * 20))
    return path


def _stage(watched: _Watched) -> JobContext:
    return watched  # type: ignore[return-value]


def test_an_interrupted_job_goes_on_where_it_was(studio: Services) -> None:
    work = Transcriber(studio)
    listener = work.choose("faster-whisper", "en", {"beam_size": 1})
    sound = _long_sound(studio, 35, "long.flac")
    cut = _Watched(studio, parts=2)
    with pytest.raises(KeyboardInterrupt):
        work.transcribe(sound, listener, "en", _stage(cut))
    whole = _Watched(studio, parts=99)
    before = psutil.Process().memory_info().rss
    written = work.transcribe(sound, listener, "en", _stage(whole))
    assert len(cut.heard) == 2 and len(whole.heard) == 2, "four parts of ten minutes: two were there, two were heard now"
    assert not set(cut.heard) & set(whole.heard)
    assert whole.fractions == sorted(whole.fractions) and whole.fractions[-1] == 1
    assert written.duration == pytest.approx(35 * 60, abs=0.1)
    assert whole.most_memory - before < 250e6, "memory holds one part, not the whole"


def test_a_voice_saved_without_transcript_gets_a_draft_that_a_person_confirms(studio: Services) -> None:
    from capabilities.transcription.voice_transcript import submit_transcript_job

    clip = SPOKEN.with_name("LJ001-0003.wav")
    voice = studio.voices.add("Reader", clip)
    job = submit_transcript_job(studio.jobs, voice)
    assert job is not None and job.spec["engine"] == "faster-whisper"
    assert studio.jobs.wait(job.id, 90).state.ended
    made = studio.voices.get("Reader")
    assert made.transcript_status in ("made", "draft", "failed")
    drafted = studio.voices.update("Reader", transcript="for although the chinese", transcript_status="draft")
    assert drafted.known_transcript == "", "no clone relies on what nobody has checked"
    edited = studio.voices.update("Reader", transcript="For although the Chinese", transcript_status="edited")
    assert edited.known_transcript and edited.fingerprint != drafted.fingerprint
    with pytest.raises(InvalidInput, match="has a transcript already"):
        studio.jobs.submit("voice_transcript", {"voice": "Reader"})
    assert submit_transcript_job(studio.jobs, edited) is None


def test_basic_english_only_drafts_and_a_person_is_never_overwritten(studio: Services) -> None:
    clip = SPOKEN.with_name("LJ001-0003.wav")
    studio.voices.add("Drafted", clip)
    job = studio.jobs.submit("voice_transcript", {"voice": "Drafted", "engine": "pocketsphinx"})
    assert studio.jobs.wait(job.id, 120).state is JobState.DONE
    drafted = studio.voices.get("Drafted")
    assert drafted.transcript_status == "draft" and "wood blocks engraved in relief" in drafted.transcript
    assert drafted.language == "en"
