"""The work that lip-sync and portrait animation share: choosing an engine, rendering the missing parts, joining, measuring."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from engines.analysis.mouth_measurement import agreement
from engines.contract.analysis import AnalysisEngine
from engines.contract.faces import TRACK_RATE, AnimateRequest, FaceChoice, LipSyncRequest, MouthTrack, RenderedPart
from engines.contract.swap import SwapRequest
from engines.contract.upscaling import UpscaleRequest
from media.audio.audio import Audio
from media.audio.decode import iterate_audio, probe
from media.text.cues import Cue
from media.video.images import is_image, read_image, write_picture
from media.video.read import probe_video, read_frames
from media.video.write import count_pictures, join_video
from studio.errors import StorageError
from studio.files import write_json
from studio.jobs.capability import JobContext

PART_SECONDS = 4.0
_SILENT = 10 ** (-60 / 20)
"""Peak below which a sound is inaudible, as a part of full scale."""
_IN_STEP = 0.1
MEASURED_SECONDS = 30.0
"""At most so much of a result is measured."""

Request = TypeVar("Request", LipSyncRequest, AnimateRequest, SwapRequest, UpscaleRequest)


@dataclass(frozen=True)
class RenderReport:
    """What was measured in the finished file.

    Args:
        correlation, lag: the mouth's opening in the file compared with the intended track, and its lag in pictures; None if not
            measured (nothing to compare with, or no face found again).
        drift: seconds by which the pictures last longer than the sound.
        audible: whether the sound is audible; None without sound.
    """

    frames: int
    edited: int
    bridged: int
    gaps: tuple[tuple[float, float], ...]
    drift: float | None = None
    correlation: float | None = None
    lag: int | None = None
    audible: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "frames": self.frames, "edited": self.edited, "bridged": self.bridged, "gaps": [list(gap) for gap in self.gaps],
            "drift_seconds": self.drift, "sync_correlation": self.correlation, "sync_lag_frames": self.lag,
        }  # fmt: skip

    def facts(self) -> list[str]:
        """Return short sentences for the player."""
        facts = [f"{self.edited:,} of {self.frames:,} pictures edited"]
        if self.gaps:
            shown = ", ".join(f"{start:.1f}–{end:.1f} s" for start, end in self.gaps[:4])
            facts.append(f"no face at {shown}" + (" and more" if len(self.gaps) > 4 else ""))
        if self.correlation is not None:
            facts.append(f"sync {self.correlation:.2f}, lag {self.lag} frames")
        if self.drift is not None:
            facts.append(_drift_in_words(self.drift))
        return facts


def _drift_in_words(drift: float) -> str:
    if abs(drift) <= _IN_STEP:
        return f"picture and sound within {abs(drift) * 1000:.0f} ms"
    return f"the sound ends {abs(drift):.1f} s {'before' if drift > 0 else 'after'} the picture"


def frames_for(seconds: float, fps: Fraction) -> int:
    """Return the number of pictures that cover a sound."""
    return max(1, int(np.ceil(seconds * float(fps) - 1e-6)))


def part_frames(fps: Fraction) -> int:
    return max(1, round(PART_SECONDS * float(fps)))


def render_missing(
    request: Request, call: Callable[[Any, Request], Iterator[RenderedPart]], lease: Callable[[], Any], context: JobContext,
    span: tuple[float, float],
) -> list[RenderedPart]:  # fmt: skip
    """Return all parts in order. Complete, consecutive parts of an earlier attempt are reused, the rest is rendered now."""
    done = _finished_parts(request)
    first = sum(part.frames for part in done)
    context.progress(span[0] + (span[1] - span[0]) * first / request.frames, "Rendering")
    if first < request.frames:
        with lease() as engine, context.span(*span):
            for part in call(engine, replace(request, first_frame=first)):
                write_json(_note(request.folder, part.first), _as_note(part))
                context.event("part", first=part.first, frames=part.frames, edited=part.edited)
                done.append(part)
    if sum(part.frames for part in done) != request.frames:
        raise StorageError("render.parts-not-whole", retryable=True)
    return done


def _finished_parts(request: LipSyncRequest | AnimateRequest | SwapRequest | UpscaleRequest) -> list[RenderedPart]:
    found: list[RenderedPart] = []
    first = 0
    while first < request.frames:
        part = _read_note(request.folder, first)
        if part is None or part.frames < 1 or count_pictures(part.path) != part.frames:
            break
        found.append(part)
        first += part.frames
    return found


def _note(folder: Path, first: int) -> Path:
    return folder / f"part-{first:07d}.json"


def _as_note(part: RenderedPart) -> dict[str, Any]:
    gaps = [list(gap) for gap in part.gaps]
    return {"file": part.path.name, "first": part.first, "frames": part.frames, "edited": part.edited,
            "gaps": gaps, "bridged": part.bridged}  # fmt: skip


def _read_note(folder: Path, first: int) -> RenderedPart | None:
    try:
        fields = json.loads(_note(folder, first).read_bytes())
        gaps = tuple((int(start), int(end)) for start, end in fields["gaps"])
        return RenderedPart(
            folder / Path(fields["file"]).name, int(fields["first"]), int(fields["frames"]), int(fields["edited"]), gaps,
            int(fields["bridged"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def joined(
    parts: list[RenderedPart],
    path: Path,
    fps: Fraction,
    sound: Path | None,
    seconds: float,
    tags: dict[str, str],
    context: JobContext,
    subtitles: Sequence[Cue] = (),
) -> bool | None:
    """Join parts and sound into one file, with at most `seconds` of the sound. Subtitles are added as a track.

    Returns:
        Whether its sound is audible; None without sound.
    """
    peaks = [0.0]
    blocks = _cut(iterate_audio(sound), seconds, context, peaks) if sound is not None else None
    join_video(path, [part.path for part in parts], fps, blocks, tags, subtitles)
    return None if sound is None else max(peaks) > _SILENT


def _cut(blocks: Iterator[Audio], seconds: float, context: JobContext, peaks: list[float]) -> Iterator[Audio]:
    left = seconds
    for block in blocks:
        context.check()
        given = block if block.duration <= left else block.slice(0, left)
        peaks.append(float(np.abs(given.samples).max(initial=0.0)))
        yield given
        left -= block.duration
        if left <= 1e-6:
            return


def reported(parts: list[RenderedPart], path: Path, fps: Fraction, audible: bool | None) -> RenderReport:
    """Return the counts of a result, and the difference in length of its two tracks.

    Args:
        audible: as returned by `joined`.
    """
    gaps: list[tuple[int, int]] = []
    for start, end in (gap for part in parts for gap in part.gaps):
        if gaps and gaps[-1][1] == start:
            gaps[-1] = (gaps[-1][0], end)
        else:
            gaps.append((start, end))
    drift = probe_video(path).duration - probe(path).duration if audible is not None else None
    return RenderReport(
        frames=sum(part.frames for part in parts),
        edited=sum(part.edited for part in parts),
        bridged=sum(part.bridged for part in parts),
        gaps=tuple((round(float(start / fps), 3), round(float(end / fps), 3)) for start, end in gaps),
        drift=None if drift is None else round(drift, 4),
        audible=audible,
    )


def finished(
    request: LipSyncRequest | AnimateRequest | SwapRequest,
    parts: list[RenderedPart],
    path: Path,
    sound: Path | None,
    tags: dict[str, str],
    context: JobContext,
) -> RenderReport:
    """Join the parts of a request with their sound into `path`, and count its pictures.

    Raises:
        MediaError: a part is missing or damaged, or the file cannot be written. Cancelled.
    """
    fps = Fraction(*request.fps)
    audible = joined(parts, path, fps, sound, request.frames / float(fps), tags, context)
    return reported(parts, path, fps, audible)


def with_sync(
    report: RenderReport, analyser: AnalysisEngine, path: Path, fps: Fraction, choice: FaceChoice, track: MouthTrack, gain: float
) -> RenderReport:
    """Add to a report the chosen mouth of the finished file, measured against the intended track; silence has no sync."""
    if not report.audible:
        return report
    count = min(report.frames, frames_for(MEASURED_SECONDS, fps))
    reading = analyser.measure(path, [fps.numerator, fps.denominator], count, choice)
    wanted = track.at(reading.times)[:, 0] * gain
    if np.isfinite(reading.gaps).sum() < 8:
        return report
    correlation, lag = agreement(wanted, reading.gaps)
    return replace(report, correlation=round(correlation, 3), lag=lag)


def course_of(track: MouthTrack, seconds: float, most: int = 240) -> list[float]:
    """Return a track's opening over its first seconds in a few values, for drawing."""
    openings = track.values[: round(seconds * TRACK_RATE), 0]
    if not len(openings):
        return []
    return [round(float(one.mean()), 3) for one in np.array_split(openings, min(most, len(openings)))]


def poster(face: Path, folder: Path) -> Path:
    """Return the first picture of a face's file, reduced in size, to show beside the result."""
    picture = read_image(face) if is_image(face) else next(read_frames(face)).picture
    target = folder / "before.jpg"
    write_picture(target, picture, longest_side=960)
    return target


def fresh(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cleared(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
