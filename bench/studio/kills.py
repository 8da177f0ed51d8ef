"""Kill -9 at random moments, the server or one of its workers, while jobs of all kinds run; then a table of what became of them.

    python -m bench.studio.kills [KILLS] [SEED]

Every job that was accepted must end, as done with files that decode or as failed with a reason that a person can read; none may
be lost, none may hang. A worker killed under a job is one the kernel might have ended for memory: the job says so and a retry
does the rest, which is counted too. Jobs that need the network (environments, weights) and engines that need a download are left
out; the server is the studio without its page.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Figure, tell
from bench.sheets.face_swap import speaking_clip
from media.audio.audio import Audio
from media.audio.decode import decode_audio, probe
from media.audio.encode import write_audio
from media.video.images import read_image, write_picture
from media.video.read import probe_video
from studio.settings import HOME

KILLS, SEED = 200, 11
QUEUED = 3
SHARE_OF_SERVERS = 0.4
END_SECONDS = 900.0
ACTIVE = ("queued", "waiting", "loading", "running", "interrupted")


class Server:
    """One life of the studio's process."""

    def __init__(self, data: Path) -> None:
        with (data.parent / "kill-server.log").open("a") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench.studio.kill_server", str(data)],
                cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, text=True, start_new_session=True,
            )  # fmt: skip
        assert self.process.stdin is not None and self.process.stdout is not None
        if not self._answer().get("open"):
            raise SystemExit("The studio did not open.")

    def submit(self, job: dict[str, Any]) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "refused" in answer:
            raise SystemExit(f"{job} was refused: {answer['refused']}")
        return str(answer["id"])

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line.startswith("{") else {}

    def workers(self) -> list[int]:
        """Its child processes that are engines' workers."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        pids = [int(pid) for path in children for pid in path.read_text().split()]
        return [pid for pid in pids if b"engines.worker" in _command(pid)]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


@dataclass
class Tally:
    """What was done and what came of it."""

    servers: int = 0
    workers: int = 0
    accepted: dict[str, str] = field(default_factory=dict)
    retried: dict[str, str] = field(default_factory=dict)


def main(kills: int = KILLS, seed: int = SEED) -> int:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="greenroom-kills-") as name:
        data = Path(name) / "data"
        files = inputs(data / "uploads")
        tally, server = Tally(), Server(data)
        try:
            while tally.servers + tally.workers < kills:
                top_up(server, data, tally, files, chance)
                time.sleep(chance.uniform(0.05, 1.5))
                server = strike(server, data, tally, chance)
            stuck = wait_for_all(data)
            for job, state in states(data).items():
                if state == "failed":
                    tally.retried[job] = server.submit({"retry": job})
            stuck += wait_for_all(data)
        finally:
            server.stop() if server.process.poll() is None else None
        return report(data, tally, stuck)


def inputs(uploads: Path) -> dict[str, str]:
    """A portrait, a second of speech and a short clip, made small so that jobs are many."""
    uploads.mkdir(parents=True)
    speech = decode_audio(HOME / "assets/voices/LJ001-0002.wav")
    write_audio(uploads / "speech.wav", Audio(speech.samples[: speech.rate], speech.rate))
    write_picture(uploads / "face.png", read_image(HOME / "assets/portraits/astronaut.png")[:400, 30:430], 256)
    shutil.copy(speaking_clip(uploads, "la-donna-velata.jpg", 25), uploads / "clip.mp4")
    return {name: str(uploads / f"{name}.{ending}") for name, ending in (("speech", "wav"), ("face", "png"), ("clip", "mp4"))}


def job_of(files: dict[str, str], chance: random.Random) -> tuple[str, dict[str, Any]]:
    """A job of a random kind; no two are alike, so none is done before it begins."""
    number = chance.randrange(10**6)
    line = f"The tide of day {number} goes out at four, and comes back at ten."
    script = " ".join(f"Sentence {number + step} of this story is short." for step in range(12))
    shots = [{"prompt": f"a red boat on a wide sea {number + step}", "frames": 24, "say": ""} for step in range(4)]
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("voiceover", {"script": script}),
        ("voiceover_batch", {"lines": [line, f"And {line}"]}),
        ("transcription", {"audio": files["speech"], "name": f"{number}.wav"}),
        ("lip_sync", {"face": files["face"], "text": line}),
        ("animate_portrait", {"portrait": files["face"], "driving_video": files["clip"], "quality": 1 + number % 100}),
        ("text_to_video", {"shots": shots, "size": "640x360", "seed": number}),
        ("image_to_video", {"image": files["face"], "prompt": line, "frames": 24, "size": "640x360", "seed": number}),
        ("upscale", {"video": files["clip"], "quality": 1 + number % 100}),
        ("character_swap", {"template": "basic-face-swap", "reference_image": files["face"], "driving_video": files["clip"]}),
    )
    return chance.choice(kinds)


def top_up(server: Server, data: Path, tally: Tally, files: dict[str, str], chance: random.Random) -> None:
    for _ in range(QUEUED - sum(state in ACTIVE for state in states(data).values())):
        kind, spec = job_of(files, chance)
        tally.accepted[server.submit({"kind": kind, "spec": spec})] = kind


def strike(server: Server, data: Path, tally: Tally, chance: random.Random) -> Server:
    """Kill a worker where there is one, or the server, which is then started again."""
    workers = server.workers()
    if workers and chance.random() > SHARE_OF_SERVERS:
        os.kill(chance.choice(workers), signal.SIGKILL)
        tally.workers += 1
        return server
    server.kill()
    tally.servers += 1
    return Server(data)


def wait_for_all(data: Path) -> list[str]:
    """The jobs that have not ended after a long time."""
    give_up = time.monotonic() + END_SECONDS
    while time.monotonic() < give_up:
        left = [job for job, state in states(data).items() if state in ACTIVE]
        if not left:
            return []
        time.sleep(0.5)
    return left


def states(data: Path) -> dict[str, str]:
    return {row[0]: row[1] for row in rows(data, "SELECT id, state FROM jobs")}


def rows(data: Path, query: str) -> list[Any]:
    if not (data / "jobs.db").exists():
        return []
    with closing(sqlite3.connect(f"file:{data / 'jobs.db'}?mode=ro", uri=True, timeout=20)) as connection:
        return connection.execute(query).fetchall()


def report(data: Path, tally: Tally, stuck: list[str]) -> int:
    """Print the table; 1 when a job was lost, hangs, or has a result that does not decode."""
    found = {row[0]: row[1:] for row in rows(data, "SELECT id, state, attempts, error FROM jobs")}
    lost = [job for job in tally.accepted if job not in found]
    table: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: Counter[str] = Counter()
    broken = []
    for job, kind in tally.accepted.items():
        if job in lost:
            continue
        state, attempts, error = found[job]
        table[kind][state] += 1
        table[kind]["restarts"] += max(0, attempts - 1)
        if state == "failed":
            reasons[_reason(error)] += 1
            table[kind]["cured"] += found[tally.retried[job]][0] == "done"
        elif state == "done" and not results_decode(data, job):
            broken.append(job)
    print(f"{tally.servers + tally.workers} kills: {tally.servers} of the server, {tally.workers} of a worker\n")
    titles = ("kind", "accepted", "done", "failed with a reason", "done when tried again", "begun again", "lost", "stuck")
    print(f"| {' | '.join(titles)} |")
    print("| --- " + "| ---: " * (len(titles) - 1) + "|")
    for kind, counts in sorted(table.items()):
        gone = sum(tally.accepted[job] == kind for job in lost)
        hung = sum(tally.accepted[job] == kind for job in stuck)
        accepted = sum(one == kind for one in tally.accepted.values())
        numbers = (accepted, counts["done"], counts["failed"], counts["cured"], counts["restarts"], gone, hung)
        print(f"| {kind} | {' | '.join(map(str, numbers))} |")
    print("\nReasons: " + ("; ".join(f"{text} ({count})" for text, count in reasons.most_common()) or "none"))
    print(f"Results that do not decode: {len(broken)}")
    cured = sum(counts["cured"] for counts in table.values())
    ends = f"{sum(reasons.values())} jobs failed with their worker, {cured} of them done when tried again"
    note = f"{tally.servers} kills of the server, {tally.workers} of a worker; {ends}"
    gone = float(len(lost) + len(stuck) + len(broken))
    tell(Figure("Jobs lost, stuck or spoiled by random kills", "", [gone], len(tally.accepted), "jobs accepted", "none", note))
    return 1 if lost or stuck or broken or "" in reasons or cured < sum(reasons.values()) else 0


def results_decode(data: Path, job: str) -> bool:
    (outputs,) = rows(data, f"SELECT outputs FROM jobs WHERE id = '{job}'")[0]
    for output in json.loads(outputs):
        file = Path(output["path"])
        file = file if file.is_absolute() else data / file
        if not file.is_file() or not file.stat().st_size:
            return False
        if file.suffix in (".mp4", ".webm"):
            probe_video(file)
        elif file.suffix in (".wav", ".mp3", ".flac"):
            probe(file)
    return True


def _reason(error: str | None) -> str:
    return str(json.loads(error).get("reason", "")) if error else ""


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
