"""One reading of the machine's memory, from the kernel's files only.

Everything here is a pure function of texts, or uses MachineFiles, so a recorded machine is a test case. If CPU and GPU share
memory, the used memory is `MemTotal - MemAvailable`: CUDA reports MemFree as free, which leaves out page cache that can be
reclaimed at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from studio.errors import GreenroomError
from studio.units import KIB


class MemoryUnreadable(GreenroomError):
    """The system does not report its memory."""


@dataclass(frozen=True)
class MachineFiles:
    """The kernel's text files under /proc and /sys; `root` is another folder for a recorded machine."""

    root: Path = Path("/")

    def text(self, path: str | PurePosixPath) -> str | None:
        """Return the file's text, or None if it does not exist or cannot be read."""
        try:
            return (self.root / str(path).lstrip("/")).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None


@dataclass(frozen=True)
class MemoryReading:
    """The machine's memory at one moment, in bytes.

    Args:
        total: all memory (MemTotal); on unified memory the GPU's too.
        available: what new work could get without swapping (MemAvailable), page cache included.
        cached: page cache and reclaimable kernel memory, the part of `available` that is not idle.
        swap_total, swap_used: swap space.
        cgroup_limit: the smallest memory limit of the control groups this process is in, None without one.
        cgroup_available: the smallest free part under such a limit, reclaimable page cache counted as free.
        pressure_some, pressure_full: percent of the last ten seconds in which some, or all, tasks waited for memory;
            None where the kernel does not measure it.
    """

    total: int
    available: int
    cached: int = 0
    swap_total: int = 0
    swap_used: int = 0
    cgroup_limit: int | None = None
    cgroup_available: int | None = None
    pressure_some: float | None = None
    pressure_full: float | None = None

    @property
    def pool(self) -> int:
        """All memory that the studio can use: the machine's, or the limit of its control group."""
        return self.total if self.cgroup_limit is None else min(self.total, self.cgroup_limit)

    @property
    def pool_available(self) -> int:
        """The available part of the pool."""
        bounds = [self.available, self.pool]
        if self.cgroup_available is not None:
            bounds.append(self.cgroup_available)
        return max(0, min(bounds))

    @property
    def used(self) -> int:
        return self.pool - self.pool_available

    @property
    def fraction(self) -> float:
        """The used part of the pool, 0 to 1."""
        return self.used / self.pool if self.pool else 1.0


def read_memory(files: MachineFiles | None = None) -> MemoryReading:
    """Read the machine's memory now; takes about a millisecond.

    Raises:
        MemoryUnreadable: there is no /proc/meminfo.
    """
    files = files or MachineFiles()
    text = files.text("/proc/meminfo")
    info = parse_meminfo(text) if text else {}
    if not info.get("MemTotal"):
        raise MemoryUnreadable("memory.unreadable")
    limit, room = cgroup_memory(files, info["MemTotal"])
    some, full = parse_pressure(files.text("/proc/pressure/memory") or "")
    return MemoryReading(
        total=info["MemTotal"],
        available=_available(info),
        cached=max(0, _cache(info)),
        swap_total=info.get("SwapTotal", 0),
        swap_used=info.get("SwapTotal", 0) - info.get("SwapFree", 0),
        cgroup_limit=limit,
        cgroup_available=room,
        pressure_some=some,
        pressure_full=full,
    )


def parse_meminfo(text: str) -> dict[str, int]:
    """Parse /proc/meminfo into bytes by name; lines that are not in kB (HugePages_Total) are left out."""
    sizes = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB" and words[0].isdigit():
            sizes[name.strip()] = int(words[0]) * KIB
    return sizes


def parse_pressure(text: str) -> tuple[float | None, float | None]:
    """Parse the ten-second averages of /proc/pressure/memory: (some, full), None if a line is missing."""
    averages: dict[str, float] = {}
    for line in text.splitlines():
        kind, *pairs = line.split() or [""]
        for pair in pairs:
            name, _, value = pair.partition("=")
            if name == "avg10":
                averages[kind] = float(value)
    return averages.get("some"), averages.get("full")


def cgroup_memory(files: MachineFiles, total: int) -> tuple[int | None, int | None]:
    """Return the smallest limit and the smallest free part over all control groups of this process, parents included.

    A limit as large as the machine or larger counts as none. `memory.high` counts as a limit too: above it the kernel slows
    allocations down very much. (None, None) without a limit.
    """
    limit, room = None, None
    for group_limit, used, reclaimable in _limited_groups(files, total):
        limit = group_limit if limit is None else min(limit, group_limit)
        group_room = max(0, group_limit - max(0, used - reclaimable))
        room = group_room if room is None else min(room, group_room)
    return limit, room


def process_resident(files: MachineFiles, pid: int) -> int:
    """Return the resident main memory of a process, including mapped files; 0 if it is gone."""
    return parse_meminfo(files.text(f"/proc/{pid}/status") or "").get("VmRSS", 0)


def _available(info: dict[str, int]) -> int:
    # Kernels and sandboxes without MemAvailable: the sum of its parts, with a margin.
    return info.get("MemAvailable", info.get("MemFree", 0) + info.get("Inactive(file)", 0) + info.get("SReclaimable", 0) // 2)


def _cache(info: dict[str, int]) -> int:
    parts = ("Cached", "Buffers", "SReclaimable")
    return sum(info.get(part, 0) for part in parts) - info.get("Shmem", 0)


def _limited_groups(files: MachineFiles, total: int) -> Iterator[tuple[int, int, int]]:
    """Return (limit, used, reclaimable) of every control group above this process that has a limit."""
    for version, mount, group in _memory_groups(files):
        for folder in (group, *group.parents):
            base = mount / str(folder).lstrip("/")
            limits = _limits_v2(files, base) if version == 2 else _limits_v1(files, base)
            held = files.text(base / ("memory.current" if version == 2 else "memory.usage_in_bytes"))
            bound = min((limit for limit in limits if limit < total), default=None)
            if bound is not None and held is not None and held.strip().isdigit():
                yield bound, int(held), _reclaimable(files.text(base / "memory.stat") or "")


def _limits_v2(files: MachineFiles, base: PurePosixPath) -> list[int]:
    texts = (files.text(base / name) for name in ("memory.max", "memory.high"))
    return [int(text) for text in texts if text is not None and text.strip().isdigit()]


def _limits_v1(files: MachineFiles, base: PurePosixPath) -> list[int]:
    text = files.text(base / "memory.limit_in_bytes")
    return [int(text)] if text is not None and text.strip().isdigit() else []


def _reclaimable(stat: str) -> int:
    """Return the page cache that the group can reclaim under its limit: the inactive files, and half of the active ones, since
    the other half is code in use that would be read again at once. Version 1 counts whole subtrees under `total_`."""
    sizes = {name: int(value) for name, _, value in (line.partition(" ") for line in stat.splitlines()) if value.isdigit()}
    prefix = "total_" if "total_inactive_file" in sizes else ""
    return sizes.get(f"{prefix}inactive_file", 0) + sizes.get(f"{prefix}active_file", 0) // 2


def _memory_groups(files: MachineFiles) -> Iterator[tuple[int, PurePosixPath, PurePosixPath]]:
    """Return (version, mount point, group below it) of the hierarchies that may limit this process's memory."""
    groups = _own_groups(files.text("/proc/self/cgroup") or "")
    for line in (files.text("/proc/self/mountinfo") or "").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or not kind or kind[0] not in ("cgroup", "cgroup2"):
            continue
        version = 2 if kind[0] == "cgroup2" else 1
        if version in groups and (version == 2 or "memory" in kind[-1].split(",")):
            yield version, PurePosixPath(fields[4]), _below(groups[version], fields[3])


def _own_groups(text: str) -> dict[int, PurePosixPath]:
    groups = {}
    for line in text.splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if hierarchy == "0" and not controllers:
            groups[2] = PurePosixPath(path)
        elif "memory" in controllers.split(","):
            groups[1] = PurePosixPath(path)
    return groups


def _below(group: PurePosixPath, mounted_root: str) -> PurePosixPath:
    """Return the group's path below a mount that may show only a part of the hierarchy, as in containers."""
    if ".." in group.parts:  # outside of this namespace, whose root has the limit that can be read
        return PurePosixPath("/")
    try:
        return PurePosixPath("/") / group.relative_to(mounted_root)
    except ValueError:
        return PurePosixPath("/")
