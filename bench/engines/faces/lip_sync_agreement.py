"""How well the built-in lip-sync's mouths follow the speech: every sample portrait with a recording, Hibari and Kokoro.

*Sync* is the studio's own measure: the opening of the finished file's mouth against the opening that was meant, correlation and
lag in pictures. *Sound* is a measure that no part of the studio was fitted to: the same opening against the loudness of the
sound between 250 and 3,500 Hz, and where between 6 pictures early and late the two agree best. A mouth that opened exactly as
was meant has the *most* that can be reached with this sound: lips are shut at p, b and m, and open at quiet vowels. Kokoro needs
its model (./launch.sh models); without it the other two are measured.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure, tell
from engines.analysis.engine import FaceAnalysis
from engines.analysis.mouth_measurement import agreement
from engines.analysis.mouth_track import mouth_track_of
from engines.analysis.visemes import from_ipa, track_of
from engines.catalog import Catalog
from engines.contract import EnginePaths, SpeechRequest
from engines.contract.analysis import MouthTrackRequest
from engines.contract.faces import LipSyncRequest, MouthTrack
from engines.faces.puppet.engine import Puppet, PuppetOptions
from media.audio.decode import decode_audio
from media.audio.encode import write_audio
from media.video.write import join_video
from studio.settings import HOME

ASSETS = HOME / "assets"
RATE, SECONDS = 25, 5.0
ENGINES = ("hibari", "kokoro")
TEXT = "The quick boat bobbed by the pier, and we saw few people move. Hope opens every window, they say."
_PROMISED = 0.9


class _Run:
    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


@dataclass(frozen=True)
class Spoken:
    """A sound, and the mouth movement that belongs to it."""

    name: str
    file: Path
    track: MouthTrack


@dataclass(frozen=True)
class Followed:
    """Correlation and lag by both measures; `most` is what the meant movement itself reaches by the second."""

    sync: float
    lag: int
    sound: float
    sound_lag: int
    most: float


def spoken(folder: Path) -> Iterator[Spoken]:
    """The recording, and the text by each engine that is ready."""
    recording = ASSETS / "voices" / "LJ001-0005.wav"
    yield Spoken("recording", recording, mouth_track_of(MouthTrackRequest(recording), lambda share: None))
    root = Path(os.environ.get("MODEL_WEIGHTS") or HOME / "data" / "weights")
    catalog, here = Catalog(), EnginePaths(ASSETS, folder, (root,))
    for name in ENGINES:
        kind = catalog.get(name)
        if not kind.readiness(here).ready:
            print(f"{name} is not ready and left out", file=sys.stderr)
            continue
        engine = kind(here, kind.Options(), _Run())
        engine.load()
        speech = engine.synthesize(SpeechRequest(TEXT))  # type: ignore[attr-defined]
        path = folder / f"{name}.wav"
        write_audio(path, speech.audio)
        marks = [(one.text, one.start, one.end) for one in speech.phonemes]
        yield Spoken(name, path, MouthTrack(track_of(from_ipa(marks), speech.audio.duration), "exact"))


def followed(portrait: Path, said: Spoken, folder: Path) -> Followed:
    """One portrait that says it, rendered and measured."""
    folder.mkdir()
    frames = min(round(SECONDS * RATE), int(said.track.duration * RATE))
    puppet = Puppet(EnginePaths(ASSETS, folder), PuppetOptions(), _Run())
    puppet.load()
    request = LipSyncRequest(portrait, said.file, said.track, folder, (RATE, 1), frames)
    film = folder / "film.mp4"
    join_video(film, [part.path for part in puppet.lip_sync(request)], Fraction(RATE))
    judge = FaceAnalysis(EnginePaths(ASSETS, folder), FaceAnalysis.Options(), _Run())
    judge.load()
    measured = judge.measure(film, [RATE, 1], frames)
    meant = said.track.at(measured.times)[:, 0]
    loud = loudness(said.file, frames)
    sound, lag = agreement(loud, measured.gaps)
    best = max(agreement(loud, np.roll(measured.gaps, -lag))[0], sound)
    return Followed(*agreement(meant, measured.gaps), best, lag, agreement(loud, meant)[0])


def loudness(file: Path, frames: int) -> NDArray[np.float32]:
    """Root of the power between 250 and 3,500 Hz around each picture."""
    audio = decode_audio(file).mono()
    spectrum = np.fft.rfft(audio.samples[:, 0])
    tones = np.fft.rfftfreq(len(audio.samples), 1 / audio.rate)
    spectrum[(tones < 250) | (tones > 3500)] = 0
    power = np.fft.irfft(spectrum, len(audio.samples)) ** 2
    edges = np.clip((np.arange(frames + 1) * audio.rate / RATE).astype(int), 0, len(power) - 1)
    reach = audio.rate // RATE
    return np.array([np.sqrt(power[max(0, at - reach // 2) : at + 3 * reach // 2].mean()) for at in edges[:-1]], np.float32)


def main(arguments: list[str]) -> int:
    wanted = arguments or sorted(path.name for path in (ASSETS / "portraits").glob("*.*g"))
    worst = 1.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("| portrait | speech | sync | lag | sound | lag | most |\n|---|---|---|---|---|---|---|")
        for said in spoken(folder):
            for portrait in wanted:
                one = followed(ASSETS / "portraits" / portrait, said, folder / f"{said.name}-{portrait}")
                worst = min(worst, one.sync)
                print(
                    f"| {Path(portrait).stem} | {said.name} | {one.sync:.2f} | {one.lag} | {one.sound:.2f} | {one.sound_lag} "
                    f"| {one.most:.2f} |",
                    flush=True,
                )
    tell(
        Figure(
            "Lip-sync agreement, worst portrait", "correlation", [worst], promise=f"at least {_PROMISED:g}", note="5 s, stills"
        )
    )
    return 0 if worst >= _PROMISED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
