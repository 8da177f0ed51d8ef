"""Measures this machine: `./launch.sh bench` runs every bench, `./launch.sh bench start_time memory_return` those named.
`--save "My machine"` writes what was measured into docs/evidence/figures/ and makes docs/evidence/figures.md anew.

A bench is a module of a folder below with `main()`; it prints its figures and returns an exit code. Each runs in a process of
its own, one after another, so that none inherits memory or caches of another.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import FILE_VARIABLE
from bench.table import save
from studio.memory.machine.gpu import NvmlProbe
from studio.memory.machine.readings import MachineFiles, read_memory
from studio.units import gib

FOLDER = Path(__file__).resolve().parent
BENCHES = {
    "start_time": "The studio's start against a bare Gradio page with as many components",
    "first_sound": "From a call to the first sound of a streamed answer",
    "sizes": "What the studio takes of a disk",
    "job_acceptance": "Accepting a job with 10,000 rows in the table",
    "studio_overhead": "The studio against its bare engine on the same text",
    "memory_return": "Memory returned over 20 loads and unloads",
    "engine_loads": "Loading and unloading every engine that is ready",
    "engine_swap": "From one engine to the next, with and without a spare worker",
    "idle_cost": "The processor's time of a studio at rest against a bare Gradio page",
    "soak": "What stays in memory after 3,000 calls, 200 clients and 200 page visits",
    "page_weight": "The page's HTML, time and work for a browser against Gradio's own page of it",
    "board_edits": "A board of 1,000 rows: opening it, and a press on a row until it is shown and saved",
    "page_traffic": "What an open page sends, at rest and at work",
    "edit_cost": "One sentence changed in a one-hour script",
    "lip_sync": "The built-in lip-sync at 768 x 768 against encoding alone",
    "lip_sync_agreement": "How well mouths follow a recording, Hibari and Kokoro, by two measures",
    "face_swap": "The built-in face swap at 960 x 540 against reading and encoding alone",
    "animatic": "A ten-shot animatic at 720p with voice and captions",
    "models": "F5-TTS, VoxCPM2 and Whisper in full size on an NVIDIA GPU",
    "transcription": "faster-whisper through the studio against the bare library",
    "conversation": "From the end of speech to the first sound of an answer, and from an interruption to silence",
    "talk_in_chromium": "The same in Chromium, by a tap of microphone and loudspeaker on one clock",
    "take_checks": "What the check of takes catches, and what it leaves alone",
    "wan": "Wan 2.1 1.3B at 480p against plain diffusers, on a GPU",
    "reading_cost": "Six thousand words as they stand and as the reader reads them, by the engine's own time",
    "wan_machines": "Which Wan fits which machine, how, and how long a clip takes: a table, reckoned",
    "kills": "Two hundred kills of the server and its workers: what became of the jobs",
    "intelligibility": "Words understood of each built-in voice",
    "long_narration": "Six thousand words by Kokoro: pace, memory, a kill in the middle, every take heard back",
    "voices": "Every built-in voice: words understood, naturalness, cost; and how well each recogniser hears",
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./launch.sh bench", description="Measure this machine.")
    parser.add_argument("names", nargs="*", help=f"of benches, all when left out: {', '.join(BENCHES)}")
    parser.add_argument("--save", metavar="MACHINE", help="write the figures into docs/evidence/figures/ under this name")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in BENCHES]
    if unknown:
        print(f'There is no bench called "{unknown[0]}". There are: {", ".join(BENCHES)}.', file=sys.stderr)
        return 2
    print(", ".join(f"{name} {value}" for name, value in facts().items()), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.jsonl"
        failed = [name for name in given.names or BENCHES if not run(name, figures)]
        measured = [json.loads(line) for line in figures.read_text("utf-8").splitlines()] if figures.is_file() else []
    if given.save:
        written = save(given.save, facts(), measured, time.time())
        print(f"\nWritten: {written.relative_to(FOLDER.parent)} and docs/evidence/figures.md")
    if failed:
        print(f"\nNot measured, or not as promised: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str, figures: Path) -> bool:
    """Whether the bench ended well; what it prints goes straight through, its figures are added to the file."""
    print(f"\n== {BENCHES[name]} ({name})", flush=True)
    begin = time.monotonic()
    told = os.environ | {FILE_VARIABLE: str(figures)}
    code = subprocess.run([sys.executable, "-m", module_of(name)], cwd=FOLDER.parent, env=told).returncode
    print(f"   ({time.monotonic() - begin:.0f} s)", flush=True)
    return code == 0


def module_of(name: str) -> str:
    """The module of a bench, in whichever folder it lies; `bench/sheets` holds pictures to look at, not measurements."""
    (path,) = (path for path in FOLDER.rglob(f"{name}.py") if path.parent.name != "sheets")
    return ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts)


def facts() -> dict[str, str]:
    """What the figures should be read with: the machine, and how busy it was."""
    reading, gpu = read_memory(MachineFiles()), NvmlProbe(lambda: read_memory(MachineFiles()).total).facts()
    return {
        "CPU": f"{platform.machine()} with {available_cores()} cores",
        "memory": f"{gib(reading.pool):.0f} GiB",
        "GPU": "none" if gpu is None else gpu.name,
        "system": platform.system(),
        "Python": platform.python_version(),
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def available_cores() -> int:
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
