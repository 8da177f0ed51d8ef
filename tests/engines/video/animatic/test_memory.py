"""Memory stays flat over a long animatic: filming, joining, sound and subtitles."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MOST_GROWTH = 24 * 2**20
"""Bytes; a picture of the test is 0.17 MB, so keeping a tenth of the longer clip's would show."""

PROGRAM = """
import json, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from engines.contract import EnginePaths
from engines.common.peak_memory import peak_bytes
from engines.video.animatic.engine import Animatic, AnimaticOptions
from engines.contract.video import VideoRequest
from media.audio.audio import Audio
from media.text.cues import Cue
from media.video.write import Excerpt, join_video
from tests.engines.contract_suite import TinyRun

folder = Path(sys.argv[1])
engine = Animatic(EnginePaths(Path("assets"), folder), AnimaticOptions(), TinyRun())
engine.load()

def clip(frames):
    path = folder / "shot.mp4"
    request = VideoRequest("a ship on the sea at night", path, 320, 180, frames, (24, 1), seed=1, keyframes=(frames // 2,))
    for _ in engine.generate(request):
        pass
    seconds = 2 * frames / 24
    sound = (Audio(np.full(24_000, 0.1, np.float32), 48_000) for _ in range(int(2 * seconds)))
    words = [Cue(at, at + 0.9, f"word {at}") for at in range(int(seconds))]
    return join_video(folder / "film.mp4", [path, Excerpt(path, 0, frames // 2), Excerpt(path, frames // 2, frames)],
                      Fraction(24), sound, None, words)

made = [clip(60)]
before = peak_bytes("cpu")
made.append(clip(720))
print(json.dumps({"made": made, "growth": peak_bytes("cpu") - before}))
"""


def test_a_clip_twelve_times_as_long_takes_no_more_memory(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["made"] == [120, 1440] and told["growth"] < MOST_GROWTH, told
