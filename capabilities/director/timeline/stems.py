"""The sound of a film as stems: one file for each voice and one for the music, all as long as the film.

They have the film's own gain and no limiter, so their sum is the film's sound before limiting; if one of them would clip, all are
attenuated equally.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from capabilities.director.document.model import Project
from capabilities.director.film.plan import FilmPlan, FilmShot
from capabilities.director.timeline.film_edit import MUSIC, Lines, owners_of, sound_file, sound_of, speakers_of
from capabilities.video.sound import ClipAudio, ShotSpeech
from capabilities.voiceover.join import Timeline
from media.audio.audio import Audio
from media.audio.encode import AudioWriter
from studio.artifacts.segments import SegmentStore
from studio.callbacks import no_op

_HIGHEST = 10 ** (-1 / 20)


class StemWriter:
    """Writes the stems of one film.

    Args:
        work: an empty folder for temporary files.
        loudness, true_peak: of the film.
        check: called now and then; may raise, to stop.
    """

    def __init__(
        self, project: Project, plan: FilmPlan, lines: Lines, segments: SegmentStore, work: Path, music: Path | None,
        loudness: float, true_peak: float, check: Callable[[], None] = no_op,
    ) -> None:  # fmt: skip
        self._check = check
        self._project, self._plan, self._lines = project, plan, lines
        self._segments, self._work, self._music = segments, work, music
        self._loudness, self._true_peak = loudness, true_peak

    def write(self, folder: Path) -> list[Path]:
        """Write the files with the names of the edit, and return their paths in its order. A silent film has none.

        Raises:
            MediaError, SegmentMissing: a sound cannot be read, or no longer exists.
        """
        names = speakers_of(self._project, self._plan, self._lines)
        if not names and self._music is None:
            return []
        whole = self._sound(None)
        gain = 10 ** (whole.levelled(self._check).gain_db / 20)
        stems: list[tuple[str, Callable[[], Iterator[Audio]]]] = [(name, self._sound(name).speech) for name in names]
        if self._music is not None:
            stems.append((MUSIC, lambda: whole.music(self._check)))
        peak = max(float(np.abs(block.samples).max(initial=0.0)) for _, blocks in stems for block in blocks())
        gain = min(gain, _HIGHEST / peak) if peak else gain
        return [_written(folder / sound_file(self._project, name), blocks(), gain) for name, blocks in stems]

    def _sound(self, name: str | None) -> ClipAudio:
        """Return one speaker's sound of the whole film, or, with the music, the sound of all."""
        place = self._work / str(len(list(self._work.iterdir())))
        place.mkdir()
        speech = [ShotSpeech(self._of(shot, name)) for shot in self._plan.shots]
        return ClipAudio(
            [shot.placed for shot in self._plan.shots], speech, self._segments, place, self._plan.seconds,
            self._music if name is None else None, self._project.music.level, self._loudness, self._true_peak,
        )  # fmt: skip

    def _of(self, shot: FilmShot, name: str | None) -> Timeline | None:
        if name is None:
            return shot.timeline
        return sound_of(shot.timeline, owners_of(self._project, shot.board, self._lines), name)


def _written(path: Path, blocks: Iterator[Audio], gain: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    first = next(blocks)
    with AudioWriter(path, "wav", first.rate, first.channels) as writer:
        for block in chain((first,), blocks):
            writer.write(Audio(block.samples * np.float32(gain), block.rate))
    return path
