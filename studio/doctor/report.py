"""Results of the doctor as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class CheckStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"  # works, but not as well as it could
    FAILED = "failed"
    SKIPPED = "skipped"  # makes no sense on this machine, or needs something that is not installed


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Args:
        group: heading in the report.
        sentence: the finding.
        repair: the remedy; a failure always has one.
        seconds: duration of the check.
        figures: measured times in milliseconds by name (p50, p95, p99), {} without repetitions.
    """

    group: str
    name: str
    outcome: CheckStatus
    sentence: str
    repair: str = ""
    seconds: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "group": self.group, "name": self.name, "outcome": self.outcome.value, "sentence": self.sentence,
            "repair": self.repair, "seconds": round(self.seconds, 3),
            "milliseconds": {name: round(value, 3) for name, value in self.figures.items()},
        }  # fmt: skip


@dataclass(frozen=True)
class PlatformRow:
    """One package: its availability on this platform, and what the studio does without it."""

    package: str
    here: str
    instead: str


@dataclass(frozen=True)
class DoctorReport:
    """A complete examination. `started` is in seconds since the epoch."""

    started: float
    seconds: float
    machine: dict[str, str]
    platform: tuple[PlatformRow, ...]
    findings: tuple[CheckResult, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing failed; warnings and skipped checks do not count."""
        return not self.of(CheckStatus.FAILED)

    def of(self, outcome: CheckStatus) -> list[CheckResult]:
        return [finding for finding in self.findings if finding.outcome is outcome]

    @property
    def sentence(self) -> str:
        """A summary in one line."""
        failed, warned, skipped = (len(self.of(one)) for one in (CheckStatus.FAILED, CheckStatus.WARNING, CheckStatus.SKIPPED))
        worked = len(self.of(CheckStatus.OK))
        parts = [f"{worked} of {worked + failed + warned} checks passed"]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"{warned} could be better"] if warned else []
        parts += [f"{skipped} were skipped"] if skipped else []
        return ", ".join(parts) + "."

    def as_dict(self) -> dict[str, Any]:
        return {
            "healthy": self.healthy, "sentence": self.sentence, "started": self.started, "seconds": round(self.seconds, 1),
            "machine": self.machine, "platform": [vars(row) for row in self.platform],
            "findings": [finding.as_dict() for finding in self.findings],
        }  # fmt: skip


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 of measured times in milliseconds, by the nearest rank."""
    ranked = sorted(seconds)
    return {f"p{part}": 1000 * ranked[min(len(ranked) - 1, -(-part * len(ranked) // 100) - 1)] for part in (50, 95, 99)}
