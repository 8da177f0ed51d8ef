"""Six thousand words narrated by Kokoro: pace, memory, a kill in the middle, every take heard back, planted faults.

    python -m bench.studio.long_narration [WORDS] [FOLDER]

The text is the chapters of tests/data and the plain paragraphs of docs/. It is narrated twice, in two data folders: once the
server is killed when half of the takes are made and started again, once nothing happens; the programmes must be equal to the
byte. Every take is heard back by Whisper and the reading follower. Then words are cut out of takes and doubled in them, by the
times that the engine gives, and the same check listens again. Needs Kokoro's model and Whisper base (./launch.sh models), and an
hour on two cores.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import sqlite3
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.engines.take_checks import SMALL_WORDS, Workshop
from bench.engines.voices import made
from bench.figures import Figure, tell
from bench.studio.kills import Server
from capabilities.registry import all_capabilities
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.spec import VoiceoverSpec
from media.audio.audio import Audio, concatenate
from media.audio.decode import decode_audio
from studio.services import Services
from studio.settings import HOME, load_settings
from studio.verification.review import review
from studio.verification.text_normalisation import comparable_words

WORDS = 6_000
VOICE = "kokoro/af_heart"
LISTENER = "faster-whisper"
PLANTED = 24
LOOK_SECONDS = 5.0


@dataclass
class Run:
    """One narration: seconds on the clock, of the processor, and what all its processes held at each look, in MB."""

    seconds: float = 0.0
    processor: float = 0.0
    held: list[float] = field(default_factory=list)


def text_of(words: int) -> str:
    """So many words of plain prose, each sentence once."""
    parts = (HOME / "tests/data/narration.txt").read_text("utf-8").strip().split("\n\n")
    for path in sorted((HOME / "docs").rglob("*.md")):
        for block in path.read_text("utf-8").split("\n\n"):
            plain = not block.lstrip().startswith(("#", "|", "<", "-", "1.", ">")) and "`" not in block and "](" not in block
            if plain and len(block.split()) > 5:
                parts.append(re.sub(r"[*_]{1,3}", "", " ".join(block.split())))
    kept, count = [], 0
    for part in parts:
        if count >= words:
            break
        kept.append(part)
        count += len(part.split())
    return "\n\n".join(kept)


def narrated(data: Path, spec: dict[str, Any], *, kill: bool) -> Run:
    """The narration in a data folder of its own, with the server killed in its middle where asked."""
    data.parent.mkdir(parents=True, exist_ok=True)
    run, server = Run(), Server(data)
    try:
        begin = time.monotonic()
        job = server.submit({"kind": "voiceover", "spec": spec})
        total = _segments(data, spec)
        while (state := _state(data, job)) not in ("done", "failed", "cancelled"):
            time.sleep(LOOK_SECONDS)
            _look(run, server)
            if kill and len(list((data / "segments").rglob("*.wav"))) > total // 2:
                run.processor += _processor(server)
                server.kill()
                server, kill = Server(data), False
        run.seconds = time.monotonic() - begin
        run.processor += _processor(server)
        if state != "done":
            raise SystemExit(f"The narration ended as {state}.")
    finally:
        server.stop() if server.process.poll() is None else None
    return run


def _segments(data: Path, spec: dict[str, Any]) -> int:
    return max(2, len(re.findall(r"[.!?:;]\s", str(spec["script"]))))


def _state(data: Path, job: str) -> str:
    with closing(sqlite3.connect(f"file:{data / 'jobs.db'}?mode=ro", uri=True)) as rows:
        return str(rows.execute("select state from jobs where id = ?", (job,)).fetchone()[0])


def _family(server: Server) -> list[psutil.Process]:
    process = psutil.Process(server.process.pid)
    return [process, *process.children(recursive=True)]


def _look(run: Run, server: Server) -> None:
    held = 0.0
    for process in _family(server):
        with suppress(psutil.Error):
            held += process.memory_info().rss / 1e6
    run.held.append(held)


def _processor(server: Server) -> float:
    used = 0.0
    for process in _family(server):
        with suppress(psutil.Error):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def opened(data: Path) -> Services:
    return Services.open(load_settings(data={"folder": data}), all_capabilities)


def takes(studio: Services) -> list[tuple[str, Audio, list[tuple[str, float, float]], dict[str, Any]]]:
    """Text, sound, word times and what the check wrote down, of every take."""
    (job,) = [one for one in studio.jobs.list() if one.kind == "voiceover"]
    planned = studio.capability(Voiceover).plan(VoiceoverSpec.model_validate(job.spec))
    found = []
    for segment in planned.segments:
        piece = studio.segments.get(segment.key)
        if piece is not None:
            marks = [(str(mark[0]), float(mark[1]), float(mark[2])) for mark in piece.data.get("words", [])]
            found.append((segment.text, piece.audio, marks, studio.segments.annotation(segment.key) or {}))
    return found


def main(words: int = WORDS, where: str = "") -> int:
    root = os.environ.get("MODEL_WEIGHTS")
    if root:
        os.environ["GREENROOM_DATA__WEIGHTS"] = json.dumps([root])
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as name:
        folder = Path(where or name)
        script = text_of(words)
        spec = {"script": script, "voice": VOICE, "check": "flag", "check_with": LISTENER, "language": "en", "seed": 1}
        first = told(folder / "killed" / "data", folder / "cache", script, narrated(folder / "killed" / "data", spec, kill=True))
        narrated(folder / "quiet" / "data", spec, kill=False)
        same = first.programme == Told.of(folder / "quiet" / "data").programme
        print(f"killed in the middle and resumed: {'the same bytes' if same else 'OTHER BYTES'} ({first.programme[:16]})")
        return 0 if same and first.kept else 1


@dataclass(frozen=True)
class Told:
    """Of one data folder: the programme's SHA-256, its seconds, its takes; whether what is promised of it was kept."""

    programme: str
    seconds: float
    takes: list[Any]
    kept: bool = True

    @classmethod
    def of(cls, data: Path) -> Told:
        studio = opened(data)
        try:
            (output,) = studio.library.list()
            return cls(hashlib.sha256(output.path.read_bytes()).hexdigest(), decode_audio(output.path).duration, takes(studio))
        finally:
            studio.close()


def told(data: Path, cache: Path, script: str, run: Run) -> Told:
    """Print the figures of one narration."""
    found = Told.of(data)
    quarter = max(1, len(run.held) // 4)
    first, later = run.held[:quarter] or [0.0], run.held[quarter:] or [0.0]
    heard = [note for *_, note in found.takes if str(note.get("listener", "")).startswith(LISTENER)]
    doubtful = sum(bool(note.get("problems")) for note in heard)
    what = f"{len(script.split()):,} words, {len(found.takes)} takes, each heard back; {run.seconds:.0f} s on the clock"
    tell(Figure("Long narration by Kokoro", "s of the processor", [run.processor], found.seconds, "the speech itself",
                "under 2, that is faster than it on two cores", what))  # fmt: skip
    tell(Figure("Memory of a long narration", "MB", [max(later)], max(first), "the most of its first quarter",
                "at most 1.2 of it", "server and all workers; the most is where narrator and listener take turns"))  # fmt: skip
    print(f"heard back: {len(heard)} of {len(found.takes)} takes, {doubtful} marked as doubtful", flush=True)
    caught = planted(found.takes, cache)
    print("planted faults: " + ", ".join(f"{kind} {spoke} of {of}" for kind, (spoke, of) in caught.items()), flush=True)
    kept = len(heard) == len(found.takes) and run.processor < 2 * found.seconds
    return Told(found.programme, found.seconds, found.takes, kept)


def planted(all_takes: list[Any], cache: Path) -> dict[str, tuple[int, int]]:
    """How many words that were cut out of takes, and doubled in them, the check hears; and how many clean ones it doubts."""
    base = made(LISTENER, cache, size="base", device="cpu")
    workshop, chance = Workshop(cache), random.Random(5)
    counts = {"clean": 0, "dropped": 0, "repeated": 0}
    fit = [take for take in all_takes if len(take[0].split()) > 5 and any(len(mark[0]) >= SMALL_WORDS for mark in take[2])]
    chosen = chance.sample(fit, min(PLANTED, len(fit)))
    for text, audio, marks, _ in chosen:
        _, start, end = chance.choice([mark for mark in marks if len(mark[0]) >= SMALL_WORDS])
        for kind, sound in (
            ("clean", audio),
            ("dropped", concatenate([audio.slice(0, start), audio.slice(end, audio.duration)])),
            ("repeated", concatenate([audio.slice(0, end), audio.slice(start, audio.duration)])),
        ):
            spoken = " ".join(comparable_words(text, "en", contracted=True))
            followed = workshop.follower.align(sound, spoken).text
            heard = base.transcribe(sound, "en").text  # type: ignore[attr-defined]
            found = review(text, heard, LISTENER, "", "en", options={"size": "base"}, followed=followed)
            counts[kind] += bool(found.problems)
    return {kind: (count, len(chosen)) for kind, count in counts.items()}


if __name__ == "__main__":
    sys.exit(main(*([int(sys.argv[1])] if len(sys.argv) > 1 else []), *sys.argv[2:3]))
