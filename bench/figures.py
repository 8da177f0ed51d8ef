"""The output of a measured figure: on the screen, and as a line of a file for docs/evidence/figures.md."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE_VARIABLE = "BENCH_FIGURES"


@dataclass(frozen=True)
class Figure:
    """One row of the table.

    Args:
        name: what was measured. unit: of the values.
        values: each measurement; the median is what counts, least and greatest are the spread.
        reference: what it is compared with, measured in the same run; the ratio is the claim. reference_name: what that is.
        promise: the required value or ratio, as text. note: what is needed to read it.
    """

    name: str
    unit: str
    values: Sequence[float]
    reference: float | None = None
    reference_name: str = ""
    promise: str = ""
    note: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.values)

    @property
    def ratio(self) -> float | None:
        return None if not self.reference else self.value / self.reference

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.name, "unit": self.unit, "value": self.value, "least": min(self.values), "most": max(self.values),
            "runs": len(self.values), "reference": self.reference, "reference_name": self.reference_name, "ratio": self.ratio,
            "promise": self.promise, "note": self.note,
        }  # fmt: skip

    def __str__(self) -> str:
        told = f"{self.name}: {shown(self.value)} {self.unit}"
        if len(self.values) > 1:
            told += f" ({shown(min(self.values))} to {shown(max(self.values))} in {len(self.values)} runs)"
        if self.reference is not None:
            told += f", {self.reference_name} {shown(self.reference)}, ratio {self.ratio:.3g}"
        return told + (f"; promised: {self.promise}" if self.promise else "") + (f" ({self.note})" if self.note else "")


def shown(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def tell(figure: Figure) -> None:
    """Print it, and add it to the file of the run where there is one."""
    print(figure, flush=True)
    path = os.environ.get(FILE_VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(figure.as_dict()) + "\n")
