"""docs/evidence/figures.md, made from the files in figures/ beside it: for each machine one file, one table, the newest run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.figures import shown

EVIDENCE = Path(__file__).resolve().parent.parent / "docs" / "evidence"
FOLDER = EVIDENCE / "figures"
PAGE = EVIDENCE / "figures.md"
PACKAGES = ("gradio", "fastapi", "uvicorn", "av", "numpy", "faster-whisper", "ai-edge-litert", "opencv-python-headless")

HEAD = """# Figures

Every figure was measured beside its reference in the same run, on the same machine: read the ratio, not the seconds.
A value is the median of its runs, the spread is the least and the greatest. A promise is what the studio holds itself to;
where a machine misses one, the table says so by its numbers.

Measure your own machine, and add its table here:

```bash
./launch.sh bench                     # print the figures
./launch.sh bench --save "My machine" # and write them into docs/evidence/figures/, from which this page is made
```

`./launch.sh prove --save "My machine"` adds a row for each engine: what it lacks is fetched where you agree (`--yes` agrees \
to everything), then it is loaded, works on one fixed input, is judged (words heard again, likeness, sync, pictures) and is \
unloaded. It goes on where it was stopped, and says of each engine that cannot run here why. It works in a folder of its own \
beside a running studio.

Send the new file in docs/evidence/figures/ as a pull request; the page is made anew from all of them.
"""

COLUMNS = ("what", "measured", "spread", "beside it", "ratio", "promised", "note", "day")


def save(machine: str, facts: Mapping[str, str], figures: Sequence[Mapping[str, Any]], now: float) -> Path:
    """Write one machine's figures and the page. Rows of an earlier run that were not measured again stay, with their day."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{re.sub('[^a-z0-9]+', '-', machine.lower()).strip('-')}.json"
    day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    before = json.loads(path.read_text("utf-8"))["figures"] if path.is_file() else []
    rows = {row["name"]: row for row in before} | {str(row["name"]): {**row, "day": day} for row in figures}
    versions = {name: metadata.version(name) for name in PACKAGES}
    told = {"machine": machine, "facts": dict(facts), "versions": versions, "figures": list(rows.values())}
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE.write_text(page(), "utf-8")
    return path


def page() -> str:
    """The whole page, from the files as they are."""
    return "\n".join([HEAD, *(_machine(json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.json")))])


def _machine(told: Mapping[str, Any]) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in told["facts"].items())
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    lines = [f"## {told['machine']}", "", f"{facts}. {versions}.", ""]
    lines += [f"| {' | '.join(COLUMNS)} |", "| --- | ---: | --- | --- | ---: | --- | --- | --- |"]
    return "\n".join([*lines, *map(_row, told["figures"]), ""])


def _row(row: Mapping[str, Any]) -> str:
    spread = f"{shown(row['least'])} to {shown(row['most'])} in {row['runs']}" if row["runs"] > 1 else ""
    beside = "" if row["reference"] is None else f"{row['reference_name']} {shown(row['reference'])} {row['unit']}"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
    cells = (row["name"], f"{shown(row['value'])} {row['unit']}", spread, beside, ratio, row["promise"], row["note"], row["day"])
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"
