"""Checks of ready engines: synthesised speech must be recognised, and a face must be found."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from engines.analysis.face_mesh import FaceMesh
from engines.contract import Engine, EngineKind, SpeakingVoice, SpeechRequest, Tier
from media.audio.audio import Audio
from media.audio.resample import resample
from media.video.images import read_image
from studio.doctor.context import DoctorContext
from studio.doctor.report import CheckResult, CheckStatus, percentiles
from studio.errors import GreenroomError
from studio.verification.verifiers import BASIC, choose_verifier
from studio.verification.word_error_rate import word_error_rate
from studio.workers.process.launch import environment_readiness

GROUP = "Engines"
SENTENCE = "The quick brown fox jumps over the lazy dog."
MOST_WRONG = 0.5
SMOKE_CALLS = 20
SMOKE_TEXT = "Yes."
BETTER_EARS = "Download a size of Whisper in the System tab and run the doctor again."
TRY_AGAIN = "Unload it in the System tab and try again; its log lies in the data folder under logs."


def speech(context: DoctorContext) -> Iterator[CheckResult]:
    """Synthesise a sentence with each ready engine for English, and transcribe it with the best ready recogniser."""
    listener = _listener(context)
    for engine in context.catalog.of(EngineKind.SPEECH):
        card = engine.card
        readiness = environment_readiness(card, context.site)
        readiness = engine.readiness(context.site) if readiness.ready else readiness
        if not readiness.ready:
            yield CheckResult(GROUP, card.title, CheckStatus.SKIPPED, readiness.sentence, readiness.next_step)
        elif card.languages and "en" not in card.languages:
            yield CheckResult(GROUP, card.title, CheckStatus.SKIPPED, "It speaks no English, which this check listens for.")
        else:
            yield _spoken(context, engine, listener)
        context.check()


def _listener(context: DoctorContext) -> type[Engine] | None:
    """Return a recogniser, or the engine that follows a known text if only a rough one is ready."""
    chosen = choose_verifier("en", "", context.catalog, context.site)
    return context.catalog.get(chosen) if chosen else None


def _spoken(context: DoctorContext, engine: type[Engine], listener: type[Engine] | None) -> CheckResult:
    began, title = time.perf_counter(), engine.card.title
    try:
        sound, calls = _say(context, engine)
        heard = "" if listener is None else _heard(context, listener, sound)
    except GreenroomError as error:
        return CheckResult(GROUP, title, CheckStatus.FAILED, error.reason, error.hint or TRY_AGAIN, time.perf_counter() - began)
    seconds, figures = time.perf_counter() - began, percentiles(calls) if calls else {}
    if sound.duration < 0.5 or float(abs(sound.samples).max()) < 0.01:
        return CheckResult(GROUP, title, CheckStatus.FAILED, "What it spoke is silence.", TRY_AGAIN, seconds, figures)
    if listener is None:
        told = f"It spoke {sound.duration:.1f} s; no transcriber is ready to listen."
        return CheckResult(GROUP, title, CheckStatus.OK, told, "", seconds, figures)
    wrong = word_error_rate(SENTENCE, heard)
    told = f"{100 * (1 - min(1.0, wrong)):.0f} % of the words were heard again by {listener.card.title}"
    if wrong > MOST_WRONG and listener.card.id in BASIC:
        return CheckResult(GROUP, title, CheckStatus.WARNING, f"{told}; it hears badly.", BETTER_EARS, seconds, figures)
    if wrong > MOST_WRONG:
        repair = "Install its environment again (./launch.sh install), and download its weights again in the System tab."
        return CheckResult(GROUP, title, CheckStatus.FAILED, f'{told}: "{heard}".', repair, seconds, figures)
    return CheckResult(GROUP, title, CheckStatus.OK, told + ".", "", seconds, figures)


def _say(context: DoctorContext, engine: type[Engine]) -> tuple[Audio, list[float]]:
    """Return the sentence's sound, and the duration of each short call; slow engines get one call."""
    voice = _voice(context, engine)
    with context.workers.lease(engine, engine.Options()) as working:
        spoken = working.synthesize(SpeechRequest(SENTENCE, voice))
        calls = []
        for _ in range(SMOKE_CALLS if engine.card.tier is Tier.LIGHT else 0):
            began = time.perf_counter()
            working.synthesize(SpeechRequest(SMOKE_TEXT, voice))
            calls.append(time.perf_counter() - began)
        return spoken.audio, calls


def _voice(context: DoctorContext, engine: type[Engine]) -> SpeakingVoice:
    """Return a preset if the engine has any, else the sample clip that ships with the studio."""
    presets = engine.preset_voices(context.site)
    if presets:
        return SpeakingVoice(preset=next((one.id for one in presets if one.language.startswith("en")), presets[0].id))
    sample = next(iter(sorted((context.site.assets / "voices").glob("*.json"))))
    told = json.loads(sample.read_text("utf-8"))
    return SpeakingVoice(reference=sample.with_name(told["file"]), transcript=told["transcript"])


def _heard(context: DoctorContext, listener: type[Engine], sound: Audio) -> str:
    with context.workers.lease(listener, listener.Options()) as ears:
        sound = resample(sound, 16_000)
        return str((ears.align(sound, SENTENCE, "en") if hasattr(listener, "align") else ears.transcribe(sound, "en")).text)


def faces(context: DoctorContext) -> Iterator[CheckResult]:
    """Find the face of a sample portrait with the face mesh."""
    began = time.perf_counter()
    portrait = next(iter(sorted((context.site.assets / "portraits").glob("*.*g"))))
    found = FaceMesh(context.site.assets).find(read_image(portrait))
    seconds = time.perf_counter() - began
    if found:
        yield CheckResult(GROUP, "Face mesh", CheckStatus.OK, "It finds the face of a sample portrait.", seconds=seconds)
    else:
        yield CheckResult(
            GROUP,
            "Face mesh",
            CheckStatus.FAILED,
            "It finds no face in a sample portrait.",
            "git restore assets/faces assets/portraits",
        )
