"""Every built-in voice: words understood, naturalness, cost, load, memory, first sound; and how well each recogniser hears.

    python -m bench.engines.voices [ENGINE or ENGINE/VOICE ...]

Needs Whisper base and, for Kokoro, its model (./launch.sh models). Naturalness is DistillMOS's guess, from 1 to 5, where
DISTILLMOS_PYTHON names a Python that has the package `distillmos`; it is a tool of development and no part of the studio. Each
voice is measured in a process of its own. Costs are seconds of one core's work, which other work on the machine distorts little.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.engines import take_checks
from bench.engines.intelligibility import SENTENCES
from engines.catalog import Catalog
from engines.contract import Engine, EnginePaths, SpeakingVoice, SpeechRequest
from media.audio.audio import Audio
from media.audio.decode import decode_audio
from media.audio.encode import write_audio
from media.errors import GreenroomError
from studio.settings import HOME
from studio.verification.text_normalisation import comparable_words

ASSETS = HOME / "assets"
ENGINES = ("hibari", "kokoro", "espeak")
OTHER_VOICES = {"espeak": ("gmw/en-US", "gmw/en", "roa/es", "roa/fr", "roa/it", "roa/pt-BR")}
"""Of engines with more voices than can be compared."""

SPOKEN = SENTENCES[:6]
SPOKEN_IN = {
    "es": (
        "El anciano bajó despacio por la calle y saludó a sus vecinos.",
        "Mañana por la mañana saldremos temprano hacia la montaña.",
        "La pregunta es sencilla, pero la respuesta exige mucha paciencia.",
        "¿Dónde guardaste las llaves de la casa grande?",
    ),
    "fr": (
        "Les enfants jouaient dans le jardin pendant que leurs amis arrivaient.",
        "Demain matin, nous partirons de bonne heure vers la montagne.",
        "La question est simple, mais la réponse demande beaucoup de patience.",
        "Où avez-vous rangé les clés de la grande maison ?",
    ),
    "it": (
        "Il vecchio scese piano per la strada e salutò i suoi vicini.",
        "Domani mattina partiremo presto verso la montagna.",
        "La domanda è semplice, ma la risposta richiede molta pazienza.",
        "Dove hai messo le chiavi della casa grande?",
    ),
    "pt": (
        "O velho desceu devagar pela rua e cumprimentou os vizinhos.",
        "Amanhã de manhã vamos sair cedo para a montanha.",
        "A pergunta é simples, mas a resposta exige muita paciência.",
        "Onde você guardou as chaves da casa grande?",
    ),
}
"""What voices of other languages say."""

FIRST = "Good morning."
CLIPS = take_checks.CLIPS | {
    "LJ001-0002": "in being comparatively modern.",
    "LJ001-0008": "has never been surpassed.",
}
"""A woman reading, with the words of the data set's own transcript."""

SCORE = (
    "import sys, json, soundfile, torch, distillmos\n"
    "model = distillmos.ConvTransformerSQAModel(); model.eval()\n"
    "import soxr\n"
    "for path in sys.argv[1:]:\n"
    "    sound, rate = soundfile.read(path, dtype='float32', always_2d=True)\n"
    "    sound = soxr.resample(sound[:, 0], rate, 16000)\n"
    "    with torch.no_grad(): print('score', float(model(torch.from_numpy(sound)[None])))\n"
)
"""Run by DISTILLMOS_PYTHON."""


@dataclass(frozen=True)
class Measured:
    """One voice.

    Args:
        load, first: seconds of processor time, to load and to the first short sound. warm: the same sound once more.
        cost: processor seconds for a second of speech on one core. two: seconds on the clock for one, on two cores.
        memory_mb: the most that the process held.
    """

    load: float
    first: float
    warm: float
    cost: float
    two: float
    memory_mb: float


class _Quiet:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def site(cache: Path) -> EnginePaths:
    root = os.environ.get("MODEL_WEIGHTS") or HOME / "data" / "weights"
    return EnginePaths(ASSETS, cache, (Path(root).absolute(),))


def made(engine_id: str, cache: Path, **options: Any) -> Engine:
    engine = Catalog().get(engine_id)
    instance = engine(site(cache), engine.Options(**options), _Quiet())
    instance.load()
    return instance


def one_voice(engine_id: str, voice: str, cores: int, folder: Path) -> None:
    """In a process of its own: speak, write the sounds, print what it took as JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])

    language = language_of(engine_id, voice, folder)

    def say(text: str) -> tuple[Audio, float, float]:
        clock, used = time.monotonic(), time.process_time()
        sound = engine.synthesize(SpeechRequest(text, SpeakingVoice(voice), language)).audio  # type: ignore[attr-defined]
        return sound, time.process_time() - used, time.monotonic() - clock

    begin = time.process_time()
    engine = made(engine_id, folder / "cache")
    load = time.process_time() - begin
    first, warm = (say(FIRST)[1] for _ in range(2))
    used = clock = seconds = 0.0
    for number, sentence in enumerate(said_in(language)):
        sound, work, waited = say(sentence)
        used, clock, seconds = used + work, clock + waited, seconds + sound.duration
        write_audio(folder / f"{number}.wav", sound)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(asdict(Measured(load, first, warm, used / seconds, clock / seconds, peak))))


def language_of(engine_id: str, voice: str, cache: Path) -> str:
    """The tag of a preset voice."""
    presets = Catalog().get(engine_id).preset_voices(site(cache))
    return next((preset.language for preset in presets if preset.id == voice), "en")


def said_in(language: str) -> tuple[str, ...]:
    """The sentences of a language."""
    return SPOKEN_IN.get(language[:2]) or tuple(f"{sentence.capitalize()}." for sentence in SPOKEN)


def voices(chosen: list[str], cache: Path) -> Iterator[tuple[str, str]]:
    for named in chosen or ENGINES:
        engine_id, _, voice = named.partition("/")
        engine = Catalog().get(engine_id)
        if not (state := engine.readiness(site(cache))).ready:
            print(f"{engine_id}: {state.sentence}", file=sys.stderr)
            continue
        own = (voice,) if voice else OTHER_VOICES.get(engine_id) or tuple(voice.id for voice in engine.preset_voices(site(cache)))
        yield from ((engine_id, voice) for voice in own)


def main(chosen: list[str]) -> int:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as name:
        base = made("faster-whisper", Path(name), size="base", device="cpu")
        print(f"{len(SPOKEN)} sentences, {sum(len(one.split()) for one in SPOKEN)} words; heard by Whisper base")
        print("| voice | WER | naturalness | s per s, one core | clock, two cores | load | first, then warm | memory |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        on_two: dict[str, Measured] = {}  # the first voice of each engine tells it for the others
        for engine_id, voice in voices(chosen, Path(name)):
            folder = Path(name) / f"{engine_id}-{voice.replace('/', '-')}"
            folder.mkdir()
            one = _measured(engine_id, voice, 1, folder)
            if engine_id not in on_two:
                on_two[engine_id] = _measured(engine_id, voice, 2, folder)
            language = language_of(engine_id, voice, Path(name))
            spoken = said_in(language)
            sounds = [folder / f"{number}.wav" for number in range(len(spoken))]
            cells = (
                f"{_errors(base, sounds, spoken, language[:2]):.1f} %", _naturalness(sounds),
                f"{one.cost:.3f}", f"{on_two[engine_id].two:.3f}",
                f"{one.load:.2f} s", f"{one.first:.2f}, {one.warm:.2f} s", f"{one.memory_mb:.0f} MB",
            )  # fmt: skip
            print(f"| {engine_id}/{voice} | {' | '.join(cells)} |", flush=True)
        clips = [ASSETS / "voices" / f"{clip}.wav" for clip in CLIPS]
        human = f"{_errors(base, clips, tuple(CLIPS.values())):.1f} % | {_naturalness(clips)}"
        print(f"| LJ Speech, a woman reading | {human} | | | | | |")
        hearing(clips, Path(name))
    return 0


def hearing(clips: list[Path], cache: Path) -> None:
    """Print what each recogniser makes of a person's reading."""
    print("\n| recogniser | WER on the clips of LJ Speech | s per s, one core |\n| --- | --- | --- |")
    for title, engine_id, options in (
        ("Whisper base", "faster-whisper", {"size": "base", "device": "cpu"}),
        ("Whisper tiny.en", "faster-whisper", {"size": "tiny.en", "device": "cpu"}),
        ("Basic English", "pocketsphinx", {}),
    ):
        try:
            listener = made(engine_id, cache, **options)
        except GreenroomError as error:
            print(f"| {title} | {error.reason} | |")
            continue
        used = time.process_time()
        wrong = _errors(listener, clips, tuple(CLIPS.values()))
        cost = (time.process_time() - used) / sum(decode_audio(path).duration for path in clips)
        print(f"| {title} | {wrong:.1f} % | {cost:.2f} |", flush=True)


def _errors(listener: Engine, sounds: list[Path], texts: tuple[str, ...], language: str = "en") -> float:
    """Word errors in per cent."""
    from jiwer import wer

    heard = [_heard(listener, decode_audio(path), language) for path in sounds]
    said, got = ([" ".join(comparable_words(text, language)) for text in all_of] for all_of in (texts, heard))
    return 100 * float(wer(said, [text or "nothing" for text in got]))


def _heard(listener: Engine, sound: Audio, language: str) -> str:
    return str(listener.transcribe(sound, language).text)  # type: ignore[attr-defined]


def _measured(engine_id: str, voice: str, cores: int, folder: Path) -> Measured:
    command = [sys.executable, "-m", "bench.engines.voices", "--one", engine_id, voice, str(cores), str(folder)]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _naturalness(sounds: list[Path]) -> str:
    """The mean over the sounds, "not measured" where the tool is not here."""
    python = os.environ.get("DISTILLMOS_PYTHON")
    if not python:
        return "not measured"
    done = subprocess.run([python, "-c", SCORE, *map(str, sounds)], capture_output=True, text=True, check=True)
    scores = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("score ")]
    return f"{sum(scores) / len(scores):.2f}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one_voice(sys.argv[2], sys.argv[3], int(sys.argv[4]), Path(sys.argv[5]))
    else:
        sys.exit(main(sys.argv[1:]))
