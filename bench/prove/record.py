"""What has been proven here, kept after each engine, so that a stopped run goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.figures import Figure
from studio.files import write_json

Outcome = Literal["proven", "not as expected", "failed", "not run"]


@dataclass(frozen=True)
class Row:
    """One engine's result.

    Args:
        version: of its card; another one is proven anew.
        seconds: of the last round, with the engine loaded; made: how much came of it, in `unit`.
        measured: sentences on the result, each with what was expected. why: in words, where it did not run or failed.
    """

    engine: str
    title: str
    version: str
    outcome: Outcome
    load_seconds: float = 0.0
    seconds: float = 0.0
    made: float = 0.0
    unit: str = ""
    peak_gib: float = 0.0
    unload_seconds: float = 0.0
    returned: bool = False
    measured: tuple[str, ...] = field(default=())
    why: str = ""

    def figure(self) -> Figure:
        """As a row of docs/evidence/figures.md."""
        back = "all memory back" if self.returned else "NOT all memory back"
        judged = "; ".join(self.measured) or "nothing here could judge it"
        times = f"loads in {self.load_seconds:.3g} s, peak {self.peak_gib:.2f} GiB, {back} in {self.unload_seconds:.2g} s"
        note = f"{self.outcome}: {times}; {judged}"
        return Figure(f"Prove {self.title}", "s", [self.seconds], self.made, self.unit, "", note)


class Record:
    """The rows by engine, in a JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            found: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
            self.rows = {name: Row(**{**row, "measured": tuple(row["measured"])}) for name, row in found.items()}
        except (OSError, ValueError, TypeError, KeyError):
            self.rows = {}

    def proven(self, engine_id: str, version: str) -> bool:
        """Whether the engine was proven in this version."""
        row = self.rows.get(engine_id)
        return row is not None and row.outcome == "proven" and row.version == version

    def keep(self, row: Row) -> None:
        """Write it down before the next engine begins."""
        self.rows[row.engine] = row
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self._path, {name: asdict(one) for name, one in self.rows.items()})
