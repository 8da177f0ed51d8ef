"""Lip-sync of a long video through a running studio: memory, progress, how picture and sound lie from beginning to end, cancel.

    python -m bench.engines.faces.lip_sync_long [--seconds 600] [--height 1080] [--fps 25]

It makes its own input. A sample portrait drifts and turns for ten seconds, and that is repeated; the first picture of each ten
seconds has a white corner, and at that moment the speech carries a short hiss. Both come through the lip-sync as they are, so
the offset between sound and picture is measured in the finished file.

Memory is what the kernel says each process held at most (VmHWM), shared pages counted. Progress is held against the clock: at
the share p of the whole time a true bar stands at p.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import soundfile

from bench.studio.kills import rows
from media.audio.audio import Audio
from media.audio.decode import iterate_audio, probe
from media.video.images import read_image
from media.video.read import Picture, probe_video, read_frames
from media.video.write import VideoWriter, join_video
from tests.servers import RunningStudio, running_studio

ROOT = Path(__file__).resolve().parents[3]
SENTENCE = ROOT / "assets/voices/LJ001-0005.wav"
LOOP_SECONDS = 10
MOST_BYTES = 1_500_000_000
MOST_SECONDS_TO_CANCEL = 2.0
WATCHED_EVERY = 0.5
ENDED = ("done", "failed", "cancelled")


def looped_video(path: Path, height: int, fps: Fraction, seconds: int) -> Path:
    """A face that drifts, so long and so high; encoded once for ten seconds, then copied."""
    portrait = read_image(ROOT / "assets/portraits/la-donna-velata.jpg")[:600]
    width = height * 16 // 9 // 2 * 2
    scale = height / portrait.shape[0]
    loop = path.with_name("loop.mp4")
    with VideoWriter(loop, (width, height), fps, threads=2) as writer:
        for number in range(round(LOOP_SECONDS * fps)):
            angle = 2 * np.pi * number / float(LOOP_SECONDS * fps)
            place = cv2.getRotationMatrix2D((portrait.shape[1] / 2, 300), 3 * np.sin(angle), scale)
            place[:, 2] += (width / 2 - portrait.shape[1] / 2 + 0.03 * width * np.sin(angle), height / 2 - 300)
            picture: Picture = np.asarray(cv2.warpAffine(portrait, place, (width, height), borderValue=(60, 50, 40)), np.uint8)
            if number == 0:
                _corner(picture)[:] = 255
            writer.write(picture)
    join_video(path, [loop] * (seconds // LOOP_SECONDS), fps)
    loop.unlink()
    return path


def _corner(picture: Picture) -> Picture:
    return picture[: len(picture) // 12, : len(picture) // 12]


def looped_sound(path: Path, seconds: int) -> Path:
    blocks = list(iterate_audio(SENTENCE))
    once, rate = np.concatenate([block.samples for block in blocks])[:, 0], blocks[0].rate
    speech = np.concatenate(list(islice(cycle([once]), seconds * rate // len(once) + 1)))[: seconds * rate].copy()
    hiss = _hiss(rate)
    for begin in range(0, len(speech), LOOP_SECONDS * rate):
        speech[begin : begin + len(hiss)] = hiss
    soundfile.write(path, speech, rate)
    return path


def _hiss(rate: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """20 ms of noise, the same at every call for a rate."""
    return (0.7 * np.random.default_rng(1).uniform(-1, 1, rate // 50)).astype(np.float32)


def apart(video: Path, mark: int, fps: Fraction) -> float:
    """Seconds that the white corner of the file comes later than the hiss, both near `mark` seconds."""
    first = round((mark - 1) * fps)
    bright = next(one.time for one in read_frames(video, fps, first, round(2 * fps)) if _corner(one.picture).mean() > 180)
    block = _around(video, mark)
    heard = block.mono().samples[:, 0]
    hiss = _hiss(soundfile.info(SENTENCE).samplerate)
    wanted = cv2.resize(hiss[None], (round(len(hiss) * block.rate / soundfile.info(SENTENCE).samplerate), 1))[0]
    at = int(np.argmax(np.correlate(heard, wanted, "valid")))
    return bright - (mark - 1 + at / block.rate)


def _around(video: Path, mark: int) -> Audio:
    """The second of sound to either side of `mark`."""
    near = [block for number, block in enumerate(iterate_audio(video)) if mark - 1 <= number < mark + 1]
    return Audio(np.concatenate([block.samples for block in near]), near[0].rate)


@dataclass
class Watch:
    """What was seen of a job while it ran.

    Args:
        seen: (seconds since it was submitted, progress, seconds left as the job's card shows or None).
        peaks: bytes that each process held at most, by what it is.
    """

    studio: RunningStudio
    job: str
    seen: list[tuple[float, float, float | None]] = field(default_factory=list)
    peaks: dict[str, int] = field(default_factory=dict)
    processor_seconds: float = 0.0

    def until_it_ends(self) -> str:
        """Its state in the end."""
        begun = time.monotonic()
        while True:
            state, progress, left = rows(self.studio.data, f"SELECT state, progress, eta FROM jobs WHERE id = '{self.job}'")[0]
            self._look_at_processes()
            if state in ENDED:
                return str(state)
            self.seen.append((time.monotonic() - begun, progress, left))
            time.sleep(WATCHED_EVERY)

    def _look_at_processes(self) -> None:
        server = psutil.Process(self.studio.process.pid)
        for process in (server, *server.children()):
            try:
                name = _name(process, server)
                self.peaks[name] = max(self.peaks.get(name, 0), _most_held(process.pid))
                if name == "worker":
                    times = process.cpu_times()
                    self.processor_seconds = max(self.processor_seconds, times.user + times.system)
            except (psutil.Error, OSError):
                continue

    @property
    def only_rises(self) -> bool:
        bars = [progress for _, progress, _ in self.seen]
        return all(one <= other for one, other in pairwise(bars))

    @property
    def off_the_clock(self) -> float:
        """How far the bar stood from the share of time that had passed, at most."""
        whole = self.seen[-1][0]
        return max(abs(progress - at / whole) for at, progress, _ in self.seen)

    def said_left(self, share: float) -> tuple[float | None, float]:
        """At that share of the time: seconds left as the card said, and as they were."""
        whole = self.seen[-1][0]
        at, _, left = min(self.seen, key=lambda one: abs(one[0] - share * whole))
        return left, whole - at


def _name(process: psutil.Process, server: psutil.Process) -> str:
    if process.pid == server.pid:
        return "server"
    return "worker" if "engines.worker" in process.cmdline() else "other"


def _most_held(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def cancelled_within(studio: RunningStudio, client: Any, spec: dict[str, Any]) -> float:
    """Seconds from the call until the job has ended and its part is no longer written, in the middle of a part."""
    job = client.predict("lip_sync", spec, api_name="/submit")["id"]
    parts = studio.data / "scratch" / job / "parts"
    while not list(parts.glob(".*.part.mp4")):
        time.sleep(0.05)
    time.sleep(1.0)
    begun = time.monotonic()
    client.predict(job, api_name="/cancel")
    while rows(studio.data, f"SELECT state FROM jobs WHERE id = '{job}'")[0][0] not in ENDED:
        time.sleep(0.01)
    taken = time.monotonic() - begun
    if client.predict(job, api_name="/job")["state"] != "cancelled":
        raise SystemExit("The job ended before it could be cancelled.")
    return taken


def report_of(watch: Watch, video: Path, fps: Fraction, seconds: int, cancelled: float) -> dict[str, Any]:
    marks = sorted({LOOP_SECONDS, seconds // 2 // LOOP_SECONDS * LOOP_SECONDS, seconds - LOOP_SECONDS} - {0})
    at_half, really = watch.said_left(0.5)
    return {
        "seconds of video": seconds, "pictures": probe_video(video).frames, "seconds": round(watch.seen[-1][0], 1),
        "processor seconds of the worker": round(watch.processor_seconds, 1),
        "peak memory, MB": {name: size // 1_000_000 for name, size in watch.peaks.items()},
        "progress only rises": watch.only_rises, "progress off the clock by, at most": round(watch.off_the_clock, 3),
        "left at half time, s": {"said": None if at_half is None else round(at_half, 1), "was": round(really, 1)},
        "picture after sound by, ms": {f"{mark} s": round(1000 * apart(video, mark, fps), 1) for mark in marks},
        "picture longer than sound by, ms": round(1000 * (probe_video(video).duration - probe(video).duration), 1),
        "cancelled within, s": round(cancelled, 3),
    }  # fmt: skip


def as_promised(report: dict[str, Any], fps: Fraction) -> bool:
    one_picture = 1000 / float(fps)
    return (
        max(report["peak memory, MB"].values()) * 1_000_000 < MOST_BYTES
        and report["progress only rises"]
        and all(abs(value) <= one_picture for value in report["picture after sound by, ms"].values())
        and abs(report["picture longer than sound by, ms"]) <= one_picture
        and report["cancelled within, s"] <= MOST_SECONDS_TO_CANCEL
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--fps", type=int, default=25)
    given = parser.parse_args(arguments)
    fps, seconds = Fraction(given.fps), given.seconds // LOOP_SECONDS * LOOP_SECONDS
    with tempfile.TemporaryDirectory(prefix="greenroom-long-") as name:
        uploads = Path(name) / "data" / "uploads"
        uploads.mkdir(parents=True)
        video = looped_video(uploads / "face.mp4", given.height, fps, seconds)
        sound = looped_sound(uploads / "speech.wav", seconds)
        spec = {"face": str(video), "audio": str(sound), "engine": "puppet"}
        with running_studio(uploads.parent) as studio:
            client = studio.client()
            watch = Watch(studio, client.predict("lip_sync", spec, api_name="/submit")["id"])
            if watch.until_it_ends() != "done":
                raise SystemExit(str(client.predict(watch.job, api_name="/job")["error"]))
            made = Path(client.predict(watch.job, api_name="/job")["outputs"][0]["path"])
            report = report_of(watch, made, fps, seconds, cancelled_within(studio, client, spec))
    print(json.dumps(report, indent=1))
    return 0 if as_promised(report, fps) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
