"""Conversion of a prompt to shots, and of speech to their lengths. Pure functions; times are in whole frames."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from capabilities.video.spec import MOST_SHOTS, ShotSpec
from capabilities.voiceover.script.chunk import chunk
from engines.contract.video import ClipCaption
from media.text.cues import Cue
from studio.errors import InvalidInput

USUAL_SECONDS = 4.0
LEAD_SECONDS, TAIL_SECONDS = 0.45, 0.6
"""Before and after the speech of a shot."""
FADE_SECONDS = 0.5
MOST_WORDS = 3_000
_FEWEST_WORDS = 4
_LONGEST_SENTENCE = 240


def split_script(prompt: str, language: str) -> list[ShotSpec]:
    """Return a text as shots: each sentence is shown and spoken; very short ones are joined with a neighbour.

    Raises:
        InvalidInput: it is empty, or too long for one clip; the error has the count.
    """
    check_length(prompt)
    sentences: list[str] = []
    for line in re.split(r"\n\s*\n|\n", prompt):
        if line.strip():
            sentences += [piece.text for piece in chunk(" ".join(line.split()), language, _LONGEST_SENTENCE)]
    shots: list[str] = []
    for sentence in sentences:
        short = bool(shots) and min(len(shots[-1].split()), len(sentence.split())) < _FEWEST_WORDS
        if short and len(shots[-1]) + len(sentence) < _LONGEST_SENTENCE:
            shots[-1] = f"{shots[-1]} {sentence}"
        else:
            shots.append(sentence)
    _check_count(len(shots))
    return [ShotSpec(prompt=shot, say=shot) for shot in shots]


def split_lines(prompt: str) -> list[ShotSpec]:
    """Return one shot per line, without speech."""
    check_length(prompt)
    lines = [line.strip() for line in prompt.splitlines() if line.strip()]
    _check_count(len(lines))
    return [ShotSpec(prompt=line) for line in lines]


def check_length(prompt: str) -> None:
    """Refuse an empty prompt, or a very long one."""
    words = len(prompt.split())
    if not words:
        raise InvalidInput("clip.nothing-asked")
    if words > MOST_WORDS:
        raise InvalidInput("clip.words-too-many", words=words, most=MOST_WORDS)


def _check_count(shots: int) -> None:
    if shots > MOST_SHOTS:
        raise InvalidInput("clip.shots-too-many", shots=shots, most=MOST_SHOTS)


@dataclass(frozen=True)
class Shot:
    """One shot with its position in the clip, in frames.

    Args:
        start, frames: without the frames under the next shot's beginning.
        tail: the number of those frames, 0 if the next shot follows with a cut.
        head: frames at its beginning that overlap the previous shot.
        speech: seconds from the clip's beginning at which its speech begins.
    """

    spec: ShotSpec
    index: int
    start: int
    frames: int
    head: int
    tail: int
    speech: float

    @property
    def rendered(self) -> int:
        return self.frames + self.tail

    @property
    def keyframes(self) -> tuple[int, ...]:
        """Frames at which joining cuts the clip."""
        return tuple(sorted({at for at in (self.head, self.frames if self.tail else 0) if at}))


def lay_out_shots(
    shots: Sequence[ShotSpec], spoken: Sequence[float], fps: Fraction, crossfade: bool, usual_frames: int | None,
    around: Sequence[tuple[float, float]] = (),
) -> list[Shot]:  # fmt: skip
    """Return the shots with their positions.

    Args:
        spoken: seconds of speech in each shot, 0 for none.
        around: seconds before and after the speech of each shot; () for the default.
    """
    fade = round(FADE_SECONDS * fps) if crossfade and len(shots) > 1 else 0
    placed: list[Shot] = []
    start = 0
    around = around or ((LEAD_SECONDS, TAIL_SECONDS),) * len(shots)
    for index, (spec, seconds, (lead, rest)) in enumerate(zip(shots, spoken, around, strict=True)):
        frames = _frames(spec, lead + seconds + rest if seconds else 0.0, fps, usual_frames)
        head, last = (fade if index else 0), index == len(shots) - 1
        frames = max(frames, 2 * fade + 1) if fade else frames
        speech = float(start / fps) + (lead if seconds else 0.0)
        placed.append(Shot(spec, index, start, frames, head, 0 if last else fade, speech))
        start += frames
    return placed


def _frames(spec: ShotSpec, least: float, fps: Fraction, usual: int | None) -> int:
    needed = math.ceil(least * fps - 1e-6) if least else 0
    if spec.frames is not None:
        return max(spec.frames, needed)
    if spec.seconds is not None:
        return max(round(spec.seconds * fps), needed, 1)
    return needed or (usual if usual is not None else round(USUAL_SECONDS * fps))


def captions_of(shot: Shot, cues: Sequence[Cue], fps: Fraction) -> tuple[ClipCaption, ...]:
    """Return the subtitles within a shot, in seconds from its first frame, without the crossfades."""
    begin, end = float(shot.start / fps), float((shot.start + shot.frames) / fps)
    found = []
    for cue in cues:
        first, last = max(cue.start, begin), min(cue.end, end)
        if last - first > 0.1:
            found.append(ClipCaption(round(first - begin, 3), round(last - begin, 3), " ".join(cue.text.split())))
    return tuple(found)


def shot_list(shots: Sequence[Shot], fps: Fraction) -> list[dict[str, Any]]:
    """Return the shots as rows of JSON values, times in seconds."""
    return [
        {
            "shot": shot.index + 1,
            "start": round(float(shot.start / fps), 3),
            "seconds": round(float(shot.frames / fps), 3),
            "frames": shot.frames,
            "prompt": shot.spec.prompt,
            "say": shot.spec.say,
            "camera": shot.spec.camera,
        }
        for shot in shots
    ]
