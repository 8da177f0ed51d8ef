"""Measures this machine: `./launch.sh bench` runs every bench, `./launch.sh bench start_time memory_return` those named.

A bench is a module of this folder with `main()`; it prints its figures and returns an exit code. Each runs in a process of
its own, one after another, so that none inherits memory or caches of another.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
BENCHES = {
    "start_time": "The studio's start against a bare Gradio page with as many components",
    "job_acceptance": "Accepting a job with 10,000 rows in the table",
    "studio_overhead": "The studio against its bare engine on the same text",
    "memory_return": "Memory returned over 20 loads and unloads",
    "edit_cost": "One sentence changed in a one-hour script",
    "lip_sync": "The built-in lip-sync at 768 x 768 against encoding alone",
    "face_swap": "The built-in face swap at 960 x 540 against reading and encoding alone",
    "animatic": "A ten-shot animatic at 720p with voice and captions",
    "models": "F5-TTS, VoxCPM2 and Whisper in full size on an NVIDIA GPU",
    "transcription": "faster-whisper through the studio against the bare library",
    "take_checks": "What the check of takes catches, and what it leaves alone",
    "wan": "Wan 2.1 1.3B at 480p against plain diffusers, on a GPU",
    "intelligibility": "Words understood of each built-in voice",
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f'There is no bench called "{unknown[0]}". There are: {", ".join(BENCHES)}.', file=sys.stderr)
        return 2
    print(f"{platform.machine()}, {available_cores()} cores, Python {platform.python_version()}", flush=True)
    failed = [name for name in names or BENCHES if not run(name)]
    if failed:
        print(f"\nNot measured, or not as promised: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str) -> bool:
    """Whether the bench ended well; what it prints goes straight through."""
    print(f"\n== {BENCHES[name]} ({name})", flush=True)
    begin = time.monotonic()
    code = subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=FOLDER.parent).returncode
    print(f"   ({time.monotonic() - begin:.0f} s)", flush=True)
    return code == 0


def available_cores() -> int:
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
