"""The reading of memory: recorded machines, control groups of both versions, and this very machine."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from studio.memory.machine.readings import (
    MachineFiles,
    MemoryUnreadable,
    cgroup_memory,
    parse_meminfo,
    parse_pressure,
    process_resident,
    read_memory,
)
from studio.units import GIB, MIB, about, at_least, at_most
from tests.studio.memory.machines import LAPTOP_TOTAL_KB, PC_TOTAL_KB, PRESSURE, SPARK_TOTAL_KB, cgroup2, machine, spark

STAT_V2 = "anon 1000\nfile 9000\ninactive_file {inactive}\nactive_file {active}\nslab_reclaimable 77\n"


def test_spark_is_read_as_one_pool_and_page_cache_counts_as_available(tmp_path: Path) -> None:
    reading = spark(tmp_path)
    assert reading.total == SPARK_TOTAL_KB * 1024
    assert round(reading.pool / GIB, 1) == 121.7
    assert round(reading.pool_available / GIB, 1) == 113.1  # MemAvailable; MemFree is a tenth of it here
    assert reading.used == reading.pool - reading.pool_available
    assert reading.fraction == pytest.approx(0.0708, abs=1e-4)
    assert reading.cgroup_limit is None
    assert reading.cached > 50 * GIB


@pytest.mark.parametrize("total_kb", [SPARK_TOTAL_KB, PC_TOTAL_KB, LAPTOP_TOTAL_KB])
def test_swap_and_pressure_of_each_machine(tmp_path: Path, total_kb: int) -> None:
    stalled = {"proc/pressure/memory": PRESSURE.format(some="12.50", full="3.25")}
    reading = read_memory(machine(tmp_path, total_kb, total_kb // 3, stalled, swap_total=8_388_604, swap_free=6_291_456))
    assert reading.swap_total == 8_388_604 * 1024
    assert reading.swap_used == (8_388_604 - 6_291_456) * 1024
    assert (reading.pressure_some, reading.pressure_full) == (12.5, 3.25)
    assert reading.fraction == pytest.approx(2 / 3, abs=1e-6)


def test_a_kernel_without_pressure_or_available_memory_is_read_on_the_safe_side(tmp_path: Path) -> None:
    files = machine(tmp_path, 16_000_000, 9_000_000)
    (tmp_path / "proc/pressure/memory").unlink()
    text = (tmp_path / "proc/meminfo").read_text()
    (tmp_path / "proc/meminfo").write_text("\n".join(line for line in text.splitlines() if "MemAvailable" not in line))
    reading = read_memory(files)
    assert reading.pressure_some is None and reading.pressure_full is None
    assert reading.available == (900_000 + 199_924 + 167_116 // 2) * 1024


def test_without_meminfo_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(MemoryUnreadable, match="does not say how much memory"):
        read_memory(MachineFiles(tmp_path))


def test_parsers_pass_over_what_is_no_size() -> None:
    assert parse_meminfo("MemTotal: 5 kB\nHugePages_Total: 3\nBroken\nOdd: x kB\n") == {"MemTotal": 5 * 1024}
    assert parse_pressure("") == (None, None)
    assert parse_pressure("some avg10=1.00 avg60=2\n") == (1.0, None)


def test_container_of_version_2_with_limits_in_parents(tmp_path: Path) -> None:
    # The inner group allows 16 GiB and is nearly empty; the outer one allows 24 GiB and is nearly full: both count.
    inner = {
        "memory.max": f"{16 * GIB}\n", "memory.high": "max\n", "memory.current": f"{3 * GIB}\n",
        "memory.stat": STAT_V2.format(inactive=2 * GIB, active=0),
    }  # fmt: skip
    outer = {
        "memory.max": f"{24 * GIB}\n", "memory.current": f"{22 * GIB}\n",
        "memory.stat": STAT_V2.format(inactive=1 * GIB, active=2 * GIB),
    }  # fmt: skip
    limits = cgroup2("/jobs.slice/studio", jobs=outer)
    limits = {path.replace("/jobs/", "/jobs.slice/"): text for path, text in limits.items()}
    limits |= {f"sys/fs/cgroup/jobs.slice/studio/{name}": text for name, text in inner.items()}
    reading = read_memory(machine(tmp_path, PC_TOTAL_KB, 50 * MIB, limits))
    assert reading.cgroup_limit == 16 * GIB
    assert reading.pool == 16 * GIB
    assert reading.cgroup_available == 4 * GIB  # 24 - (22 - 1 inactive - half of 2 active) is less than 16 - (3 - 2)
    assert reading.pool_available == 4 * GIB
    assert reading.used == 12 * GIB


def test_the_tightest_of_several_groups_counts_wherever_it_stands(tmp_path: Path) -> None:
    limits = cgroup2("/a/b")
    for folder, limit, held in (("a/b", 4, 3), ("a", 16, 2)):
        limits[f"sys/fs/cgroup/{folder}/memory.max"] = f"{limit * GIB}\n"
        limits[f"sys/fs/cgroup/{folder}/memory.current"] = f"{held * GIB}\n"
    assert cgroup_memory(machine(tmp_path, PC_TOTAL_KB, 50 * MIB, limits), PC_TOTAL_KB * 1024) == (4 * GIB, 1 * GIB)


def test_a_container_on_a_full_host_has_no_more_than_the_host(tmp_path: Path) -> None:
    limits = cgroup2("/", _={"memory.max": f"{16 * GIB}\n", "memory.current": f"{1 * GIB}\n", "memory.stat": ""})
    reading = read_memory(machine(tmp_path, PC_TOTAL_KB, 5 * MIB, limits))
    assert reading.pool == 16 * GIB
    assert reading.pool_available == 5 * GIB


def test_a_soft_limit_counts_too(tmp_path: Path) -> None:
    texts = {"memory.max": "max\n", "memory.high": f"{8 * GIB}\n", "memory.current": f"{GIB}\n", "memory.stat": ""}
    files = machine(tmp_path, PC_TOTAL_KB, 50 * MIB, cgroup2("/", _=texts))
    assert cgroup_memory(files, PC_TOTAL_KB * 1024) == (8 * GIB, 7 * GIB)


@pytest.mark.parametrize("group", ["/../..", "/docker/0123", "/elsewhere"])
def test_a_group_that_the_mount_does_not_show_falls_back_to_the_mount(tmp_path: Path, group: str) -> None:
    texts = {"memory.max": f"{4 * GIB}\n", "memory.current": "0\n", "memory.stat": ""}
    files = machine(tmp_path, PC_TOTAL_KB, 50 * MIB, cgroup2(group, mount_root="/docker/0123", _=texts))
    assert cgroup_memory(files, PC_TOTAL_KB * 1024) == (4 * GIB, 4 * GIB)


def test_version_1_is_read_with_its_subtree_totals(tmp_path: Path) -> None:
    base = "sys/fs/cgroup/memory"
    files = machine(
        tmp_path, PC_TOTAL_KB, 50 * MIB,
        {
            "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/ab\n0::/\n",
            "proc/self/mountinfo": (
                "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,cpu,memory\n"
                "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
            ),
            f"{base}/memory.limit_in_bytes": "9223372036854771712\n",
            f"{base}/memory.usage_in_bytes": f"{40 * GIB}\n",
            f"{base}/docker/ab/memory.limit_in_bytes": f"{12 * GIB}\n",
            f"{base}/docker/ab/memory.usage_in_bytes": f"{9 * GIB}\n",
            f"{base}/docker/ab/memory.stat": f"inactive_file 5\ntotal_inactive_file {4 * GIB}\ntotal_active_file {2 * GIB}\n",
        },
    )  # fmt: skip
    assert cgroup_memory(files, PC_TOTAL_KB * 1024) == (12 * GIB, 8 * GIB)


def test_this_machine_agrees_with_another_reader_of_it() -> None:
    reading = read_memory()
    other = psutil.virtual_memory()
    assert reading.total == other.total
    assert abs(reading.available - other.available) < 0.1 * reading.total
    assert 0 < reading.pool <= reading.total
    assert 0 < reading.fraction < 1
    assert abs(process_resident(MachineFiles(), os.getpid()) - psutil.Process().memory_info().rss) < 16 * MIB
    assert process_resident(MachineFiles(), 2**22 + 1) == 0


@pytest.mark.parametrize(
    ("size", "up", "down", "nearest"),
    [
        (0, "0 GiB", "0 GiB", "0 GiB"),
        (30.4 * MIB, "31 MiB", "30 MiB", "30 MiB"),
        (4.2 * GIB, "4.2 GiB", "4.2 GiB", "4.2 GiB"),
        (4.25 * GIB, "4.3 GiB", "4.2 GiB", "4.2 GiB"),
        (31.2 * GIB, "32 GiB", "31 GiB", "31 GiB"),
        (38 * GIB, "38 GiB", "38 GiB", "38 GiB"),
    ],
)
def test_sizes_in_words(size: float, up: str, down: str, nearest: str) -> None:
    assert (at_least(size), at_most(size), about(size)) == (up, down, nearest)
