"""What one changed sentence costs in a one-hour script: engine time against the first render, and the studio's memory.

The real studio with the real Hibari worker over a folder of its own; takes a few minutes.

Run: python -m bench.studio.edit_cost [MINUTES]
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, tell
from capabilities.registry import all_capabilities
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.spec import VoiceoverSpec
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import load_settings

MINUTES = 60
PROMISED_SHARE = 0.01
SENTENCES_A_MINUTE = 14.5
VOICE = "hibari/heart"

_WHO = ("the harbour master", "a young painter", "the old gardener", "my neighbour", "the night nurse", "a patient teacher")
_DID = ("carried", "remembered", "repaired", "described", "painted", "forgot", "counted", "borrowed")
_WHAT = ("a wooden boat", "the copper kettle", "three letters", "the broken clock", "a basket of pears", "the longest song")
_WHERE = ("by the river", "under the bridge", "behind the mill", "near the station", "on the hill", "in the empty hall")


@dataclass(frozen=True)
class Cost:
    """One narration: pieces spoken anew and their engine seconds, the job's seconds, seconds of programme."""

    spoken: int
    engine_seconds: float
    wall_seconds: float
    programme_seconds: float


def script(minutes: float) -> str:
    """Distinct sentences for about that long, in chapters and paragraphs; the same each time."""
    chance = random.Random(7)
    lines = []
    for number in range(round(minutes * SENTENCES_A_MINUTE)):
        if number % 120 == 0:
            lines.append(f"\n\n# Chapter {number // 120 + 1}\n\n")
        who, did, what, where = (chance.choice(words) for words in (_WHO, _DID, _WHAT, _WHERE))
        lines.append(f"On day {number + 1}, {who} {did} {what} {where}." + ("\n\n" if number % 6 == 5 else " "))
    return "".join(lines).strip()


def narrate(studio: Services, spec: dict[str, object]) -> tuple[Job, Cost]:
    """Run one narration to its end and see what it cost."""
    started = time.monotonic()
    job = studio.jobs.wait(studio.jobs.submit("voiceover", spec).id)
    wall = time.monotonic() - started
    if job.state is not JobState.DONE:
        raise SystemExit(f"The narration {job.state.value}: {job.error}")
    spoken = {event.data["id"] for event in studio.jobs.events(job.id, limit=10_000) if event.kind == "segment"}
    production = studio.capability(Voiceover)
    planned = production.plan(VoiceoverSpec.model_validate(job.spec))
    stored = (studio.segments.get(segment.key) for segment in planned.segments if segment.id in spoken)
    engine = sum(piece.data["engine_seconds"] for piece in stored if piece)  # one by one: together they are the whole hour
    return job, Cost(len(spoken), engine, wall, studio.library.get(job.outputs[0].id).duration or 0.0)


def peak_mib() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, minutes: float) -> tuple[Cost, Cost, float]:
    """The first render, the one after a changed sentence, and by how many MiB the studio's peak memory grew in them."""
    studio = Services.open(load_settings(data={"folder": folder}), all_capabilities)
    try:
        narrate(studio, {"script": "One short sentence first.", "voice": VOICE})
        before = peak_mib()
        text = script(minutes)
        _, first = narrate(studio, {"script": text, "voice": VOICE})
        edited = text.replace("On day 12,", "On the evening of day 12,")
        _, second = narrate(studio, {"script": edited, "voice": VOICE})
        return first, second, peak_mib() - before
    finally:
        studio.close()


def main(minutes: float = MINUTES) -> int:
    """Print the figures; 1 when the promise is not kept."""
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        first, second, growth = measure(Path(folder), minutes)
    for name, cost in (("first render", first), ("one sentence changed", second)):
        print(
            f"{name:<22} {cost.spoken:>5} pieces spoken   engine {cost.engine_seconds:8.2f} s   job {cost.wall_seconds:7.1f} s"
            f"   programme {cost.programme_seconds / 60:5.1f} min"
        )
    share = second.engine_seconds / first.engine_seconds
    note = f"{first.programme_seconds / 60:.0f} min of speech"
    promise = f"under {PROMISED_SHARE:.0%} of it"
    tell(Figure("One sentence changed", "s", [second.engine_seconds], first.engine_seconds, "first render", promise, note))
    print(f"engine time of the edit: {share:.2%} of the first render (promised: under {PROMISED_SHARE:.0%})")
    print(f"peak memory of the studio grew by {growth:.0f} MiB")
    return 0 if share < PROMISED_SHARE else 1


if __name__ == "__main__":
    sys.exit(main(*(float(value) for value in sys.argv[1:2])))
