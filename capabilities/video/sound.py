"""The sound of a clip: speech at its shots, music lowered under it, and loudness normalisation. Memory is constant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from capabilities.video.shots import Shot
from capabilities.voiceover.join import Timeline, assemble
from media.audio.audio import Audio, Samples
from media.audio.decode import iterate_audio
from media.audio.normalisation import NormalisedStream, normalise_loudness
from media.audio.resample import StreamResampler, resample
from media.text.cues import Cue, TimedWord
from studio.artifacts.segments import SegmentStore

RATE = 48_000
_BLOCK = RATE // 2
_DUCK_DB, _ATTACK, _RELEASE = -14.0, 0.35, 0.9
_FADE_OUT = 2.5


@dataclass(frozen=True)
class ShotSpeech:
    """The speech of one shot: its timeline, None for a silent one."""

    timeline: Timeline | None

    @property
    def seconds(self) -> float:
        return 0.0 if self.timeline is None else self.timeline.duration


def cues_of(shots: Sequence[Shot], spoken: Sequence[ShotSpeech]) -> list[Cue]:
    """Return the subtitles of the whole clip."""
    found: list[Cue] = []
    for shot, speech in zip(shots, spoken, strict=True):
        for cue in speech.timeline.cues() if speech.timeline else ():
            words = tuple(TimedWord(word.text, word.start + shot.speech, word.end + shot.speech) for word in cue.words)
            found.append(Cue(cue.start + shot.speech, cue.end + shot.speech, cue.text, cue.speaker, words))
    return found


class ClipAudio:
    """Speech and music of one clip as blocks at 48 kHz, which can be read repeatedly.

    Args:
        folder: for the assembled speech during the work.
        seconds: length of the clip.
        music: a file that is looped to the end and faded out; None for none.
        music_level: of the music relative to the speech in dB, before it is lowered under it.
    """

    def __init__(
        self, shots: Sequence[Shot], spoken: Sequence[ShotSpeech], store: SegmentStore, folder: Path, seconds: float,
        music: Path | None, music_level: float, loudness: float, true_peak: float,
    ) -> None:  # fmt: skip
        self._frames = round(seconds * RATE)
        self._speech = folder / "speech.f32"
        self._music, self._music_level = music, music_level
        self._loudness, self._true_peak = loudness, true_peak
        self._talk = [(shot.speech, shot.speech + speech.seconds) for shot, speech in zip(shots, spoken, strict=True)
                      if speech.timeline]  # fmt: skip
        self._assemble(shots, spoken, store, folder)

    def levelled(self, check: Callable[[], None]) -> NormalisedStream:
        """Return the normalised track; `check` is called with each block and may raise."""
        music = self._music_gain(check)

        def blocks() -> Iterator[Audio]:
            for block in self._mixed(music):
                check()
                yield block

        return normalise_loudness(blocks, self._loudness, self._true_peak)

    def speech(self) -> Iterator[Audio]:
        """Yield the speech alone, before normalisation."""
        return self._mixed(None)

    def music(self, check: Callable[[], None]) -> Iterator[Audio]:
        """Yield the music alone, lowered under the speech, before normalisation; nothing without music."""
        level = self._music_gain(check)
        if level is None:
            return
        for given, block in zip(range(0, self._frames, _BLOCK), self._tune(), strict=False):
            count = min(_BLOCK, self._frames - given)
            check()
            yield Audio(block[:count] * (level * self._envelope(given, count))[:, None], RATE)

    def _assemble(self, shots: Sequence[Shot], spoken: Sequence[ShotSpeech], store: SegmentStore, folder: Path) -> None:
        """Write all speech as one raw mono file."""
        at = 0
        with self._speech.open("wb") as whole:
            for shot, speech in zip(shots, spoken, strict=True):
                if speech.timeline is None:
                    continue
                part = folder / "shot.f32"
                assemble(speech.timeline, store, part, lambda _: None)
                samples = np.fromfile(part, "<f4").reshape(-1, speech.timeline.channels)
                part.unlink()
                mono = resample(Audio(samples, speech.timeline.rate).mono(), RATE).samples[:, 0]
                first = round(shot.speech * RATE)
                _silence(whole.write, first - at)
                whole.write(np.ascontiguousarray(mono, "<f4").tobytes())
                at = first + len(mono)
            _silence(whole.write, self._frames - at)

    def _music_gain(self, check: Callable[[], None]) -> float | None:
        """Return the gain that brings the music to its level relative to the speech's target; None without music."""
        music = self._music
        if music is None:
            return None

        def source() -> Iterator[Audio]:
            for block in iterate_audio(music):
                check()
                yield block

        found = normalise_loudness(source, self._loudness, self._true_peak).gain_db
        lowered = self._music_level if self._talk else 0.0
        return float(10 ** ((found + lowered) / 20))

    def _mixed(self, music: float | None) -> Iterator[Audio]:
        tune = self._tune() if music is not None else None
        given = 0
        with self._speech.open("rb") as file:
            while given < self._frames:
                count = min(_BLOCK, self._frames - given)
                speech = np.frombuffer(file.read(4 * count), "<f4")
                speech = np.pad(speech, (0, count - len(speech)))[:, None]
                if tune is None or music is None:
                    yield Audio(speech, RATE)
                else:
                    envelope = self._envelope(given, count)
                    yield Audio(speech + next(tune)[:count] * (music * envelope)[:, None], RATE)
                given += count

    def _envelope(self, first: int, count: int) -> Samples:
        """Return the gain of the music: low from before to after speech, fading out at the end."""
        times = (first + np.arange(count)) / RATE
        spoken = np.zeros(count)
        for start, end in self._talk:
            rise = np.clip((times - start + _ATTACK) / _ATTACK, 0, 1)
            spoken = np.maximum(spoken, np.minimum(rise, np.clip((end + _RELEASE - times) / _RELEASE, 0, 1)))
        out = np.clip((self._frames / RATE - times) / _FADE_OUT, 0, 1) * np.clip(times / 0.8, 0, 1)
        return np.asarray(10 ** (_DUCK_DB * spoken / 20) * out, np.float32)

    def _tune(self) -> Iterator[Samples]:
        """Yield stereo blocks of the looped music."""
        assert self._music is not None
        rest = np.zeros((0, 2), np.float32)
        while True:
            resampler: StreamResampler | None = None
            for block in iterate_audio(self._music):
                two = block.samples if block.channels > 1 else np.repeat(block.samples, 2, axis=1)
                resampler = resampler or StreamResampler(block.rate, RATE, 2)
                rest = np.concatenate([rest, resampler.process(two)])
                while len(rest) >= _BLOCK:
                    yield rest[:_BLOCK]
                    rest = rest[_BLOCK:]
            if resampler is None:
                rest = np.zeros((_BLOCK, 2), np.float32)


def _silence(write: Callable[[bytes], object], frames: int) -> None:
    while frames > 0:
        part = min(frames, _BLOCK)
        write(bytes(4 * part))
        frames -= part
