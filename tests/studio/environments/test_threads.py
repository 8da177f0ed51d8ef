"""How many threads a worker computes with, on processors whose cores are of two kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.environments.variables import fast_cores


@pytest.mark.parametrize(
    ("capacities", "fast"),
    [([1024] * 8, 8), ([1024, 997] * 5 + [718] * 10, 10), ([1024, 1024, 400, 400], 2), ([1024, None], 2), ([], 0)],
)
def test_only_fast_cores_count_where_there_are_slow_ones(tmp_path: Path, capacities: list[int | None], fast: int) -> None:
    for core, capacity in enumerate(capacities):
        (tmp_path / f"cpu{core}").mkdir()
        if capacity is not None:
            (tmp_path / f"cpu{core}" / "cpu_capacity").write_text(f"{capacity}\n")
    assert fast_cores(range(len(capacities)), tmp_path) == fast
