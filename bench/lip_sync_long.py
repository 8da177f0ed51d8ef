"""Lip-sync of a long video: memory over time, progress, how soon a cancel ends it, and how picture and sound lie at the end.

    python -m bench.lip_sync_long [--seconds 600] [--height 1080] [--fps 25]

It makes its own input: a sample portrait that drifts and turns for ten seconds, and a recorded sentence, both repeated.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
import psutil

from engines.contract import Site
from engines.faces.contract import LipSyncRequest, ListenRequest
from engines.faces.puppet import Puppet, PuppetOptions
from media.audio import Audio
from media.decode import iterate_audio, probe
from media.errors import Cancelled
from media.pictures import read_picture
from media.video import Picture, probe_video
from media.video_writer import VideoWriter, join_video

ROOT = Path(__file__).resolve().parent.parent
SENTENCE = ROOT / "assets/voices/LJ001-0005.wav"
LOOP_SECONDS = 10
PART_SECONDS = 4
MOST_BYTES = 1_500_000_000


class _Run:
    """Keeps what it is told, and the memory at that time; cancels when asked to."""

    def __init__(self) -> None:
        self.cancelled_at = 0.0
        self.fractions: list[float] = []
        self.memory: list[int] = []
        self._process = psutil.Process()

    def progress(self, fraction: float, note: str = "") -> None:
        self.fractions.append(fraction)
        if len(self.fractions) % 25 == 0:
            self.memory.append(self._process.memory_info().rss)
        self.check()

    def check(self) -> None:
        if self.cancelled_at:
            raise Cancelled


def looped_video(path: Path, height: int, fps: Fraction, seconds: int) -> Path:
    """A face that drifts, so long and so high; encoded once for ten seconds, then copied."""
    portrait = read_picture(ROOT / "assets/portraits/la-donna-velata.jpg")[:600]
    width = height * 16 // 9 // 2 * 2
    scale = height / portrait.shape[0]
    loop = path.with_name("loop.mp4")
    with VideoWriter(loop, (width, height), fps, threads=2) as writer:
        for number in range(round(LOOP_SECONDS * fps)):
            angle = 2 * np.pi * number / float(LOOP_SECONDS * fps)
            place = cv2.getRotationMatrix2D((portrait.shape[1] / 2, 300), 3 * np.sin(angle), scale)
            place[:, 2] += (width / 2 - portrait.shape[1] / 2 + 0.03 * width * np.sin(angle), height / 2 - 300)
            picture: Picture = np.asarray(cv2.warpAffine(portrait, place, (width, height), borderValue=(60, 50, 40)), np.uint8)
            writer.write(picture)
    join_video(path, [loop] * (seconds // LOOP_SECONDS), fps)
    return path


def looped_sound(path: Path, seconds: int) -> Path:
    import soundfile

    once = np.concatenate([block.samples for block in iterate_audio(SENTENCE)])
    rate = next(iter(iterate_audio(SENTENCE))).rate
    soundfile.write(path, np.concatenate(list(islice(cycle([once]), seconds * rate // len(once) + 1)))[: seconds * rate], rate)
    return path


def cancelled_within(puppet: Puppet, run: _Run, request: LipSyncRequest) -> float:
    """Seconds from asking to stop until the work has ended, in the middle of a part."""
    begun = 0.0
    try:
        for _ in puppet.lip_sync(request):
            begun = time.monotonic()
            run.cancelled_at = begun
    except Cancelled:
        return time.monotonic() - begun
    return float("nan")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--fps", type=int, default=25)
    given = parser.parse_args()
    fps, seconds = Fraction(given.fps), given.seconds // LOOP_SECONDS * LOOP_SECONDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = looped_video(folder / "face.mp4", given.height, fps, seconds)
        sound = looped_sound(folder / "speech.wav", seconds)
        run = _Run()
        puppet = Puppet(Site(ROOT / "assets", folder), PuppetOptions(), run)
        puppet.load()
        track = puppet.listen(ListenRequest(sound))
        parts_folder = folder / "parts"
        parts_folder.mkdir()
        frames, part = seconds * given.fps, PART_SECONDS * given.fps
        request = LipSyncRequest(video, sound, track, parts_folder, (given.fps, 1), frames, part_frames=part)
        begun, started = time.process_time(), time.monotonic()
        parts = list(puppet.lip_sync(request))
        taken, waited = time.process_time() - begun, time.monotonic() - started
        blocks: Iterator[Audio] = iterate_audio(sound)
        join_video(folder / "result.mp4", [one.path for one in parts], fps, blocks)
        drift = probe_video(folder / "result.mp4").duration - probe(folder / "result.mp4").duration
        memory = run.memory
        rising = all(one <= other for one, other in zip(run.fractions, run.fractions[1:], strict=False))
        report = {
            "seconds of video": seconds, "pictures": frames, "edited": sum(one.edited for one in parts),
            "processor seconds": round(taken, 1), "seconds": round(waited, 1),
            "memory after a tenth, MB": memory[len(memory) // 10] // 1_000_000, "peak memory, MB": max(memory) // 1_000_000,
            "memory at the end, MB": memory[-1] // 1_000_000, "progress only rises": rising,
            "picture longer than sound by, s": round(drift, 4),
            "cancelled within, s": round(cancelled_within(puppet, run, request), 3),
        }  # fmt: skip
    print(json.dumps(report, indent=1))
    return 0 if report["peak memory, MB"] * 1_000_000 < MOST_BYTES and rising and abs(drift) <= 1 / given.fps else 1


if __name__ == "__main__":
    sys.exit(main())
