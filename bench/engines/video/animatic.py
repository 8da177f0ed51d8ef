"""A ten-shot animatic with voice, captions and crossfades at 720p: pictures a second, and the contact sheet of the documents.

`python -m bench.engines.video.animatic` measures; with `--sheet` it also writes docs/pictures/animatic.png from the clip it made.
The words are Robert Louis Stevenson's "Escape at Bedtime" (1885, public domain).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

from bench.figures import Figure, tell
from capabilities.registry import all_capabilities
from engines.contract import EnginePaths
from engines.contract.video import VideoRequest
from engines.video.animatic.engine import Animatic, AnimaticOptions
from media.video.read import read_frames
from studio.jobs.model import JobState
from studio.library.model import LibraryOutput
from studio.services import Services
from studio.settings import HOME, load_settings

PROMISE = 30.0
COLUMNS, THUMB = 5, (272, 153)
POEM: list[tuple[str, str]] = [
    ("a village at night, lit windows", "The lights from the parlour and kitchen shone out"),
    ("a room at night with a lamp and a window", "through the blinds and the windows and bars;"),
    ("stars over the hills at night", "and high overhead and all moving about, there were thousands of millions of stars."),
    ("a great oak tree in a field at dusk", "There ne'er were such thousands of leaves on a tree,"),
    ("a church in a village at dusk", "nor of people in church"),
    ("the city streets at night", "or the park,"),
    ("a figure on a hill at night under the stars", "as the crowds of the stars that looked down upon me,"),
    ("fireflies in a forest at night", "and that glittered and winked in the dark."),
    (
        "a ship on the sea at night, a lighthouse",
        "The Dog, and the Plough, and the Hunter, and all, and the star of the sailor, and Mars,",
    ),
    (
        "a lake at dawn with a house on the shore",
        "these shone in the sky, and the pail by the wall would be half full of water and stars.",
    ),
]


class Unattended:
    """A RunContext that ignores progress and never cancels."""

    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def engine_alone(folder: Path) -> tuple[float, float]:
    """Pictures a second of the engine, shots of several kinds with their encoding; and the processor's milliseconds for each
    picture, which other work on the machine hardly changes."""
    engine = Animatic(EnginePaths(HOME / "assets", folder), AnimaticOptions(), Unattended())
    engine.load()
    frames, begin, worked = 0, time.monotonic(), time.process_time()
    for prompt, _ in POEM[:4]:
        for _ in engine.generate(VideoRequest(prompt, folder / "shot.mp4", 1280, 720, 96, (24, 1), seed=11)):
            pass
        frames += 96
    return frames / (time.monotonic() - begin), 1000 * (time.process_time() - worked) / frames


def whole_job(studio: Services) -> tuple[LibraryOutput, float]:
    """The finished clip and the seconds that it took, speech, joining and shelving included."""
    shots: list[dict[str, Any]] = [{"prompt": picture, "say": words} for picture, words in POEM]
    spec = {"shots": shots, "size": "720p", "seed": 11, "title": "Escape at Bedtime"}
    begin = time.monotonic()
    job = studio.jobs.wait(studio.jobs.submit("text_to_video", spec).id)
    if job.state is not JobState.DONE:
        raise SystemExit(f"The clip was not made: {job.error}")
    return studio.library.get(job.outputs[0].id), time.monotonic() - begin


def write_sheet(output: LibraryOutput, target: Path) -> None:
    """One picture from the middle of each shot, under each other, as a small PNG."""
    shots = output.recipe["shots"]
    rows = -(-len(shots) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * THUMB[0], rows * THUMB[1]))
    fps, first = Fraction(24), 0
    for number, shot in enumerate(shots):
        middle = first + shot["frames"] // 2
        picture = next(read_frames(output.path, fps, first=middle, count=1)).picture
        place = (number % COLUMNS * THUMB[0], number // COLUMNS * THUMB[1])
        sheet.paste(Image.fromarray(picture).resize(THUMB, Image.Resampling.LANCZOS), place)
        first += shot["frames"]
    sheet.save(target, optimize=True)


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        alone, cost = engine_alone(Path(folder))
        studio = Services.open(load_settings(data={"folder": Path(folder) / "data"}), all_capabilities)
        try:
            output, seconds = whole_job(studio)
            frames = sum(shot["frames"] for shot in output.recipe["shots"])
            if "--sheet" in arguments:
                write_sheet(output, HOME / "docs" / "pictures" / "animatic.png")
        finally:
            studio.close()
    note = f"1280 × 720, {frames / 24:.0f} s with speech and captions"
    tell(
        Figure(
            "Animatic, whole job",
            "pictures/s",
            [frames / seconds],
            alone,
            "drawing and encoding alone",
            f"at least {PROMISE:g}",
            note,
        )
    )
    print(f"engine alone at 1280 x 720: {alone:.1f} pictures a second, painting and encoding included")
    print(f"processor: {cost:.1f} ms a picture over all threads, so two free cores can make {2000 / cost:.0f} a second at most")
    print(f"ten spoken shots, {frames / 24:.1f} s of clip: {seconds:.1f} s, {frames / seconds:.1f} pictures a second in all")
    print(f"promise: {PROMISE:g} a second on two free cores; load here {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0 if frames / seconds >= PROMISE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
