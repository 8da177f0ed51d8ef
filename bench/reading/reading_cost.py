"""What the reader costs: six thousand words of prose spoken as they stand and as they are read, by the engine's own time.

Both texts are spoken sentence by sentence in this process, in turn, so that whatever else the machine does meets both alike.
Nothing of the text may be lost: the plan's report counts every character.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from bench.engines.intelligibility import SENTENCES
from bench.figures import Figure, tell
from bench.reading.spoken import _Run
from capabilities.registry import all_capabilities
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.plan import Plan
from capabilities.voiceover.spec import VoiceoverSpec
from engines.speech.hibari.engine import Hibari, HibariOptions
from studio.services import Services
from studio.settings import load_settings

WORDS = 6_000
MOST = 1.05

_OPENINGS = (
    "On {day} May {year},", "At {hour}:30 that evening,", "For ${price}, or so they said,", "As Dr. {name} had told them,",
    "Some {count} miles to the north,", "In the winter of {year},", "When Mr. and Mrs. {name} came home,",
    "By then", "All the while",
    "It was said that", "Nobody knew that", "Before the rain began,", "And so it was that", "Late in the day", "In the old house",
)  # fmt: skip
_NAMES = ("Hale", "Marsh", "Ellison", "Brook", "Winter", "Lowe", "Carter", "Finch")


def prose(words: int) -> str:
    """So many words of paragraphs, the same each time: plain sentences, one in two with a figure, a date or a title in it."""
    chance = random.Random(17)
    paragraphs: list[str] = []
    made = 0
    while made < words:
        sentences = [_sentence(chance) for _ in range(chance.randint(3, 6))]
        paragraphs.append(" ".join(sentences))
        made += len(paragraphs[-1].split())
    return "\n\n".join(paragraphs)


def _sentence(chance: random.Random) -> str:
    opening = chance.choice(_OPENINGS).format(
        day=chance.randint(1, 28), year=chance.randint(1850, 1999), hour=chance.randint(1, 11), price=chance.randint(2, 900),
        name=chance.choice(_NAMES), count=chance.randint(2, 60),
    )  # fmt: skip
    first, second = chance.sample(SENTENCES, 2)
    return f"{opening} {first.lower()}, and {second.lower()}."


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", type=int, default=WORDS)
    words = parser.parse_args(sys.argv[1:]).words
    text = prose(words)
    with tempfile.TemporaryDirectory() as folder:
        studio = Services.open(load_settings(data={"folder": Path(folder) / "data"}), all_capabilities)
        try:
            read, bare = (_planned(studio, text, reading) for reading in (None, 0))
            engine = Hibari(studio.site, HibariOptions(), _Run())
        finally:
            studio.close()
        engine.load()
        seconds, spoken = _spoken(engine, read, bare)
    coverage = read.coverage
    assert coverage is not None
    note = f"{len(text.split()):,} words, {spoken / 60:.0f} min of speech; {coverage.share:.0%} of the text accounted for"
    tell(
        Figure("Engine time of a text that is read", "s", [seconds[0]], seconds[1], "the same text bare", f"at most {MOST}", note)
    )
    return int(coverage.unaccounted > 0 or seconds[0] > MOST * seconds[1])


def _planned(studio: Services, text: str, reading: int | None) -> Plan:
    narrations = studio.capability(Voiceover)
    spec = VoiceoverSpec(script=text, voice="hibari/heart", language="en", reading=reading, check="off")
    return narrations.plan(narrations.prepare(spec))


def _spoken(engine: Hibari, read: Plan, bare: Plan) -> tuple[list[float], float]:
    """Processor seconds of both plans, and how long the speech of the first lasts. Their sentences take turns."""
    seconds, spoken = [0.0, 0.0], 0.0
    for number in range(max(len(read.segments), len(bare.segments))):
        order = ((0, read), (1, bare)) if number % 2 else ((1, bare), (0, read))
        for which, plan in order:
            if number < len(plan.segments):
                began = time.process_time()
                speech = engine.synthesize(plan.segments[number].request())
                seconds[which] += time.process_time() - began
                spoken += speech.audio.duration if which == 0 else 0.0
    return seconds, spoken


if __name__ == "__main__":
    raise SystemExit(main())
