"""The built-in lip-sync of a still at 768 × 768 on one core, encoding included, against encoding the still alone.

Time is the processor time of this process, so that other work on the machine does not count.
"""

from __future__ import annotations

import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import cv2

from bench.figures import Figure, tell
from engines.analysis.mouth_track import mouth_track_of
from engines.contract import EnginePaths
from engines.contract.analysis import MouthTrackRequest
from engines.contract.faces import LipSyncRequest
from engines.faces.puppet.engine import Puppet, PuppetOptions
from media.video.images import read_image, write_picture
from media.video.write import VideoWriter

ROOT = Path(__file__).resolve().parents[3]
FRAMES, SIDE, PROMISED = 200, 768, 30.0


class _Run:
    def progress(self, fraction: float, note: str = "") -> None:
        return

    def check(self) -> None:
        return


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        still = cv2.resize(read_image(ROOT / "assets/portraits/astronaut.png")[:400, 30:430], (SIDE, SIDE))
        write_picture(folder / "face.png", still)
        puppet = Puppet(EnginePaths(ROOT / "assets", folder), PuppetOptions(), _Run())
        puppet.load()
        sound = ROOT / "assets/voices/LJ001-0005.wav"
        track = mouth_track_of(MouthTrackRequest(sound), lambda share: None)
        begin = time.process_time()
        list(puppet.lip_sync(LipSyncRequest(folder / "face.png", sound, track, folder, (25, 1), FRAMES)))
        ours = FRAMES / (time.process_time() - begin)
        begin = time.process_time()
        with VideoWriter(folder / "plain.mp4", (SIDE, SIDE), Fraction(25)) as writer:
            for _ in range(FRAMES):
                writer.write(still)
        plain = FRAMES / (time.process_time() - begin)
    note = f"{SIDE} × {SIDE}, one core, by processor time"
    tell(Figure("Lip-sync with encoding", "pictures/s", [ours], plain, "encoding alone", f"at least {PROMISED:g}", note))
    print(f"lip-sync with encoding: {ours:.1f} pictures a second of one core; encoding the still alone: {plain:.1f}")
    return 0 if ours >= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main())
