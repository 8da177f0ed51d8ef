"""The figure of the coverage, printed at the end of `./launch.sh test` from what pytest-cov has left in `.coverage`.

Lines and branches count that ran in the processes of the tests and in the servers that tests share. What runs in other servers
and in workers does not count, so the figures, above all that of `engines`, are too low rather than too high.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import CoverageException

PACKAGES = ("app", "tabs", "api", "capabilities", "studio", "engines", "media")


def totals_by_package() -> dict[str, Counter[str]]:
    """Numbers of lines and branches, and of those that ran, by package.

    Raises:
        CoverageException: nothing was measured.
    """
    measured = Coverage()
    measured.load()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        measured.json_report(outfile=str(report), ignore_errors=True)
        files = json.loads(report.read_text("utf-8"))["files"]
    totals: dict[str, Counter[str]] = {package: Counter() for package in PACKAGES}
    for name, file in files.items():
        package = name.split("/")[0].removesuffix(".py")
        if package in totals:
            totals[package].update({key: value for key, value in file["summary"].items() if isinstance(value, int)})
    return totals


def sentence(totals: dict[str, Counter[str]]) -> str:
    """The figure of all packages, and each one's branches."""
    everything = sum(totals.values(), Counter())
    branches = ", ".join(f"{package} {share(counted, 'branches')}" for package, counted in totals.items())
    return (
        f"Coverage: {share(everything, 'branches')} of {everything['num_branches']:,} branches and "
        f"{share(everything, 'lines')} of {everything['num_statements']:,} statements. Branches by package: {branches}."
    )


def share(counted: Counter[str], what: str) -> str:
    ran, all_there = {
        "branches": (counted["covered_branches"], counted["num_branches"]),
        "lines": (counted["covered_lines"], counted["num_statements"]),
    }[what]
    return f"{100 * ran / all_there:.1f} %" if all_there else "none"


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{sentence(totals_by_package())}\n")
    except CoverageException as error:
        sys.exit(f"No coverage was measured: {error}")
