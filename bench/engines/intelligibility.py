"""How well the built-in voices can be understood: word error rate of a speech recogniser on plain English sentences.

    python -m bench.engines.intelligibility [ENGINE[/VOICE[+VARIANT]] ...]

Needs pocketsphinx and jiwer (the test environment). The recogniser was trained on people, so a low figure says "close to
human speech"; a voice with a high one may be intelligible all the same.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.contract import Engine, EnginePaths, SpeakingVoice, SpeechRequest
from engines.speech.espeak.engine import Espeak, EspeakOptions
from engines.speech.hibari.engine import Hibari, HibariOptions
from media.audio.audio import Audio, concatenate, silence
from media.audio.resample import resample

SENTENCES = (
    "the weather was cold and the road was empty",
    "she opened the window and looked at the garden",
    "we will meet again tomorrow morning at the station",
    "the doctor told him to drink more water every day",
    "my brother bought a small house near the river",
    "the children played in the park until the evening",
    "please send me the letter before the end of the week",
    "he could not remember the name of the old hotel",
    "the company has opened a new office in the city",
    "after dinner they walked along the beach for an hour",
    "nobody knows how the fire started last night",
    "the teacher asked the students to read the first page",
    "there is enough bread and cheese for all of us",
    "the train to the north leaves in twenty minutes",
    "his father worked in a factory for thirty years",
    "i have never seen such a beautiful horse before",
    "the museum is closed on monday and open on sunday",
    "a strong wind blew the leaves across the street",
    "they built the bridge with wood from the forest",
    "my mother grows tomatoes and potatoes behind the house",
    "the judge listened to both sides before he decided",
    "it takes a long time to learn a foreign language",
    "the small boat crossed the lake in the morning light",
    "we need a better plan for the summer holidays",
    "the captain ordered his men to lower the sails",
    "you should never leave the door open at night",
    "her grandmother told wonderful stories about the war",
    "the price of coffee went up again last month",
    "he put the key under the stone near the gate",
    "the old clock on the wall stopped at midnight",
    "farmers in this valley grow mostly wheat and corn",
    "the police found the stolen car in another town",
    "she wrote her first book when she was twenty",
    "the sun was warm but the water was still cold",
    "many people lost their work during the winter",
    "the dog slept quietly in front of the fire",
)

VOICES = (
    ("hibari", "heart", ""),
    *(("espeak", "gmw/en-US", variant) for variant in ("", "f3", "klatt6")),
    ("espeak", "gmw/en", ""),
)

RECOGNISER_RATE = 16_000
PADDING = 0.3


@dataclass(frozen=True)
class Figure:
    """Result of one voice: word error rate over all sentences, and words a minute of its speech."""

    engine: str
    voice: str
    error_rate: float
    words_per_minute: float


class _Quiet:
    """A RunContext that ignores progress."""

    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


class Recogniser:
    """pocketsphinx with its own English model, as an independent listener."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._decoder = Decoder(samprate=RECOGNISER_RATE, loglevel="FATAL")

    def heard(self, audio: Audio) -> str:
        """The recognised words, in lower case, "" for none."""
        self._decode(audio)
        best = self._decoder.hyp()
        return best.hypstr if best is not None else ""

    def words(self, audio: Audio) -> list[tuple[str, float, float]]:
        """The recognised words with their start and end in seconds."""
        self._decode(audio)
        frame = 1 / 100
        return [
            (segment.word.split("(")[0], segment.start_frame * frame - PADDING, (segment.end_frame + 1) * frame - PADDING)
            for segment in self._decoder.seg() or ()
            if segment.word[0] not in "<["
        ]

    def _decode(self, audio: Audio) -> None:
        quiet = silence(PADDING, RECOGNISER_RATE)
        samples = concatenate([quiet, resample(audio.mono(), RECOGNISER_RATE), quiet]).samples[:, 0]
        self._decoder.start_utt()
        self._decoder.process_raw((samples * 32767).clip(-32768, 32767).astype(np.int16).tobytes(), full_utt=True)
        self._decoder.end_utt()


def measure(recogniser: Recogniser, engine: Engine, preset: str, name: str) -> Figure:
    """Speak and recognise every sentence in one voice."""
    import jiwer

    heard, seconds = [], 0.0
    for sentence in SENTENCES:
        speech = engine.synthesize(SpeechRequest(sentence.capitalize() + ".", SpeakingVoice(preset)))  # type: ignore[attr-defined]
        seconds += speech.audio.duration
        heard.append(recogniser.heard(speech.audio) or "nothing")
    words = sum(len(sentence.split()) for sentence in SENTENCES)
    return Figure(engine.card.id, name, jiwer.wer(list(SENTENCES), heard), 60 * words / seconds)


def main(chosen: list[str]) -> None:
    """Print one line for each voice, the smaller its word errors the clearer."""
    recogniser = Recogniser()
    print(f"{len(SENTENCES)} sentences, {sum(len(sentence.split()) for sentence in SENTENCES)} words")
    print(f"{'engine':8} {'voice':20} {'word errors':>11} {'words/min':>9}")
    with tempfile.TemporaryDirectory() as cache:
        site = EnginePaths(Path(__file__).resolve().parents[2] / "assets", Path(cache))
        for engine_id, preset, variant in VOICES:
            name = f"{preset}+{variant}" if variant else preset
            if chosen and engine_id not in chosen and f"{engine_id}/{name}" not in chosen:
                continue
            engine: Engine
            if engine_id == "hibari":
                engine = Hibari(site, HibariOptions(), _Quiet())
            else:
                engine = Espeak(site, EspeakOptions(variant=variant), _Quiet())
            engine.load()
            figure = measure(recogniser, engine, preset, name)
            print(f"{figure.engine:8} {figure.voice:20} {figure.error_rate:11.3f} {figure.words_per_minute:9.0f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
