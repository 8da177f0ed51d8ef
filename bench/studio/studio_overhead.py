"""The studio against its bare engine on the same text: what planning, checking, storing, joining and levelling cost.

Bare: the engine in this process, loaded, speaking the very pieces that the studio plans, one after the other. Studio: the
job from its submission to the finished, levelled, subtitled file in the library, with its worker already warm. Both
use the same voice and text; the studio may speak on several cores where the bare engine cannot, so both figures are shown.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, tell
from bench.studio.edit_cost import narrate, script
from capabilities.registry import all_capabilities
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.spec import VoiceoverSpec
from engines.contract import EngineOptions
from engines.speech.hibari.engine import Hibari
from studio.services import Services
from studio.settings import load_settings

MINUTES = 6.0
VOICE = "hibari/heart"


class Unattended:
    """A RunContext that ignores progress and never cancels."""

    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def bare_seconds(studio: Services, spec: VoiceoverSpec) -> tuple[float, float]:
    """Seconds that the bare engine takes for the planned pieces, and seconds of speech that it made."""
    production = studio.capability(Voiceover)
    segments = production.plan(spec).segments
    options: EngineOptions = Hibari.Options()
    engine = Hibari(studio.site, options, Unattended())
    engine.load()
    engine.synthesize(segments[0].request())
    begin = time.perf_counter()
    spoken = sum(engine.synthesize(segment.request()).audio.duration for segment in segments)
    return time.perf_counter() - begin, spoken


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        studio = Services.open(load_settings(data={"folder": Path(folder)}), all_capabilities)
        try:
            narrate(studio, {"script": "One short sentence first.", "voice": VOICE})
            job, cost = narrate(studio, {"script": script(MINUTES), "voice": VOICE})
            bare, spoken = bare_seconds(studio, VoiceoverSpec.model_validate(job.spec))
        finally:
            studio.close()
    cores = len(os.sched_getaffinity(0))
    print(f"{cost.spoken} pieces, {spoken / 60:.1f} min of speech, {cores} cores")
    tell(
        Figure(
            "Narration, submission to finished file", "s", [cost.wall_seconds], bare, "bare engine", note=f"{spoken / 60:.1f} min"
        )
    )
    print(f"bare engine {bare:.2f} s   studio, from submission to the finished file {cost.wall_seconds:.2f} s")
    print(f"ratio {cost.wall_seconds / bare:.2f}; engine seconds inside the studio {cost.engine_seconds:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
