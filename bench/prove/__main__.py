"""`./launch.sh prove`: every engine on this machine, one after the other: fetched where you agree, loaded, worked with, judged,
unloaded; a row of docs/evidence/figures.md for each.

Works in a folder of its own inside the data folder, so a running studio is not disturbed; weights and environments are shared
with it. Stopped, it goes on with the next engine that is not proven in its present version.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench.prove.proving import Prover
from bench.prove.record import Record, Row
from bench.run import facts
from bench.table import save
from capabilities.registry import all_capabilities
from capabilities.setup.doctor import last_report
from engines.contract import Engine, EngineKind
from studio.errors import GreenroomError
from studio.services import Services
from studio.settings import Settings, load_settings

FOLDER = "prove"
SHARED = ("weights", "environments")
PROVEN = (
    EngineKind.SPEECH, EngineKind.TRANSCRIPTION, EngineKind.FACES, EngineKind.SWAP, EngineKind.VIDEO, EngineKind.UPSCALING,
)  # fmt: skip
"""The others serve these and are proven with them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything that ran is as expected, 1 when something is not, 2 when nothing could be done, 130 when stopped."""
    given = _parser().parse_args(arguments)
    overrides = {} if given.data is None else {"data": {"folder": given.data.expanduser().absolute()}}
    try:
        return _prove(load_settings(**overrides), given)
    except GreenroomError as error:
        sys.stderr.write(f"Greenroom: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What is proven is kept; the same command goes on from here.\n")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./launch.sh prove", description="Prove every engine on this machine.")
    parser.add_argument("engines", nargs="*", help="ids of engines; all when none is named")
    parser.add_argument("--yes", action="store_true", help="fetch whatever is missing without asking")
    parser.add_argument("--again", action="store_true", help="engines that are proven in this version, too")
    parser.add_argument("--cpu", action="store_true", help="try engines for a graphics card on the processor, too")
    parser.add_argument("--skip-doctor", action="store_true", help="do not examine the machine first")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the data folder, when it is not the usual one")
    parser.add_argument("--save", metavar="MACHINE", help="write the rows into docs/evidence/figures/ under this machine's name")
    return parser


def _prove(settings: Settings, given: argparse.Namespace) -> int:
    root = settings.data_folder
    studio = Services.open(_apart(settings, root), all_capabilities)
    record = Record(studio.paths.root / "record.json")
    try:
        engines = [engine for engine in studio.catalog.all() if engine.card.capability in PROVEN]
        if given.engines:
            engines = [one for one in map(studio.catalog.get, given.engines) if one.card.capability in PROVEN]
        if not given.skip_doctor:
            _examine(studio)
        prover = Prover(studio, studio.paths.root / "uploads", lambda question: given.yes or _agreed(question), _say, given.cpu)
        rows = _rows(prover, engines, record, again=given.again)
    finally:
        studio.close()
    return _told(rows, given.save)


def _apart(settings: Settings, root: Path) -> Settings:
    """The settings with a data folder of its own, which shares what is large with the studio's."""
    own = root / FOLDER
    own.mkdir(parents=True, exist_ok=True)
    for name in SHARED:
        (root / name).mkdir(exist_ok=True)
        with suppress(FileExistsError):
            (own / name).symlink_to(root / name, target_is_directory=True)
    return settings.model_copy(update={"data": settings.data.model_copy(update={"folder": own})})


def _examine(studio: Services) -> None:
    _say("Examining the machine")
    studio.jobs.wait(studio.jobs.submit("doctor", {}).id)
    for finding in (last_report(studio.paths.root) or {}).get("findings", ()):
        if finding["outcome"] in ("failed", "warning"):
            _say(f"  {finding['outcome']}: {finding['name']}: {finding['sentence']} {finding['repair']}".rstrip())


def _rows(prover: Prover, engines: Sequence[type[Engine]], record: Record, *, again: bool) -> list[Row]:
    rows: list[Row] = []
    for engine in engines:
        card = engine.card
        if record.proven(card.id, card.version) and not again:
            _say(f"{card.title}: proven already, in version {card.version} (--again does it again)")
            rows.append(record.rows[card.id])
            continue
        row = prover.prove(engine)
        if row is None:
            continue
        rows.append(row)
        if row.outcome == "not run":
            _say(f"{card.title}: not run. {row.why}")
            continue
        record.keep(row)
        _say(f"{card.title}: {row.outcome}. {row.why or row.figure()}")
    return rows


def _told(rows: Sequence[Row], machine: str | None) -> int:
    ran = [row for row in rows if row.outcome != "not run"]
    wrong = [row for row in ran if row.outcome != "proven"]
    _say(f"\n{len(ran) - len(wrong)} proven, {len(wrong)} not as expected, {len(rows) - len(ran)} not run here.")
    measured = [row.figure().as_dict() for row in ran if row.outcome != "failed"]
    if machine and measured:
        _say(f"Written: docs/evidence/figures/{save(machine, facts(), measured, time.time()).name} and docs/evidence/figures.md")
    return 1 if wrong else 0


def _agreed(question: str) -> bool:
    """Without a terminal nobody can agree."""
    if not sys.stdin.isatty():
        return False
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{line}{os.linesep}")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
