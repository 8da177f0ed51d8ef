"""Broken statements out of whole ones, read as the child process reads them.

`python -m tests.studio.provenance.hostile FOLDER OUT` makes and reads them all and prints a verdict for each: a crash ends this
process and no test.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

from studio.provenance import child, process
from studio.provenance.formats import media_type
from studio.provenance.provenance import Provenance
from studio.provenance.requests import ReadRequest
from studio.provenance.statement import FileStatement
from studio.provenance.words import report_of
from tests.repository.sources import ROOT
from tests.studio.provenance.samples import RECIPE, write_sample

COUNT = 500
KINDS = ("wav", "mp3", "m4a", "png", "jpg")


class Verdict(StrEnum):
    TOLD = "told"  # that it does not hold, or that nothing can be read
    SAME = "same"  # only bytes that no signature covers were hit: what is read is as before
    WRONG = "wrong"  # something else than before, as if it held


def mutated(whole: bytes, plain: int, chance: random.Random) -> bytes:
    """`whole` with something wrong in its statement, where a statement of this size lies."""
    content = bytearray(whole)
    at = content.find(b"jumb") + chance.randrange(0, len(whole) - plain - 8)
    kind = chance.randrange(6)
    if kind == 0:
        content[at] ^= 1 << chance.randrange(8)
    elif kind == 1:  # a length that leads anywhere
        content[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1"])
    elif kind == 2:  # lists within lists, in CBOR
        content[at : at + 300] = b"\x9f" * 300
    elif kind == 3:
        del content[at : at + chance.randrange(1, 200)]
    elif kind == 4:
        content[at:at] = chance.randbytes(chance.randrange(1, 200))
    else:
        other = content.find(b"jumb") + chance.randrange(0, len(whole) - plain - 8)
        content[at : at + 16], content[other : other + 16] = content[other : other + 16], content[at : at + 16]
    return bytes(content)


def _signed(provenance: Provenance, out: Path) -> list[tuple[Path, int, FileStatement]]:
    process.run_sign = child.sign
    made = []
    for kind in KINDS:
        plain, whole = write_sample(out, kind), out / f"whole.{kind}"
        provenance.sign(plain, whole, RECIPE, "audio")
        made.append((whole, plain.stat().st_size, _read(whole, provenance)))
    return made


def _read(path: Path, provenance: Provenance) -> FileStatement:
    found = child.read(ReadRequest(path=str(path), media_type=media_type(path), roots=provenance.identity().roots))
    report_of(found)
    return FileStatement.model_validate_json(found.model_dump_json())


def main(folder: Path, out: Path) -> None:
    provenance, chance = Provenance(folder, lambda: {"kokoro"}), random.Random(11)
    made = _signed(provenance, out)
    for number in range(COUNT):
        whole, plain, before = made[number % len(made)]
        path = out / f"broken{whole.suffix}"
        path.write_bytes(mutated(whole.read_bytes(), plain, chance))
        found = _read(path, provenance)
        verdict = Verdict.TOLD if not found.holds else Verdict.SAME if found == before else Verdict.WRONG
        sys.stdout.write(json.dumps(verdict.value) + "\n")


def run_in_child(folder: Path, out: Path) -> list[Verdict]:
    command = [sys.executable, "-m", "tests.studio.provenance.hostile", str(folder), str(out)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert told.returncode == 0, told.stderr[-2000:]
    return [Verdict(json.loads(line)) for line in told.stdout.splitlines()]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
