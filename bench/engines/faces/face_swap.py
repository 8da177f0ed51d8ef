"""The built-in face swap of a 540p clip on one core, with reading and encoding, against reading and encoding alone.

Time is the processor time of this process, so that other work on the machine does not count.
"""

from __future__ import annotations

import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

from bench.figures import Figure, tell
from bench.sheets.face_swap import Quiet, speaking_clip
from engines.contract import EnginePaths
from engines.contract.swap import SwapRequest
from engines.swap.basic.engine import BasicFaceSwap, BasicSwapOptions
from media.video.read import probe_video, read_frames
from media.video.write import VideoWriter

ROOT = Path(__file__).resolve().parents[3]
FRAMES, PROMISED = 150, 20.0


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = speaking_clip(folder, "la-donna-velata.jpg", FRAMES)
        info = probe_video(clip)
        engine = BasicFaceSwap(EnginePaths(ROOT / "assets", folder), BasicSwapOptions(), Quiet())
        engine.load()
        request = SwapRequest(ROOT / "assets/portraits/astronaut.png", clip, folder, (25, 1), FRAMES)
        begin = time.process_time()
        edited = sum(part.edited for part in engine.swap(request))
        ours = FRAMES / (time.process_time() - begin)
        begin = time.process_time()
        with VideoWriter(folder / "plain.mp4", (info.width, info.height), Fraction(25)) as writer:
            for frame in read_frames(clip):
                writer.write(frame.picture)
        plain = FRAMES / (time.process_time() - begin)
    note = f"{info.width} × {info.height}, one core, by processor time"
    tell(Figure("Built-in face swap", "pictures/s", [ours], plain, "reading and encoding alone", f"at least {PROMISED:g}", note))
    print(f"face swap at {info.width} x {info.height}: {ours:.1f} pictures a second of one core, {edited} of {FRAMES} edited;")
    print(f"reading and encoding alone: {plain:.1f}")
    return 0 if ours >= PROMISED and edited == FRAMES else 1


if __name__ == "__main__":
    sys.exit(main())
