"""Facts of the graphics card through NVML, without torch and without ever raising.

Whether the card shares the machine's memory is determined, in this order, from what NVML answers:

1. Its memory query is "not supported", or gives zero: it has no memory of its own (GB10 answers so).
2. Its total equals the machine's MemTotal within one percent, and its name is not of a family of plug-in cards: newer
   drivers of integrated chips answer the machine's own total.
3. Its name is that of a known integrated chip (GB10, Orin, Thor, Xavier, Tegra), whatever else it answers.

A lost card, a driver mismatch or a missing permission are other errors and make no card unified.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

TOTALS_AGREE_WITHIN = 0.01
KNOWN_INTEGRATED = re.compile(r"\b(GB10|N1X|Orin|Thor|Xavier|Tegra|nvgpu)\b", re.IGNORECASE)
KNOWN_PLUG_IN = re.compile(r"GeForce|Quadro|Tesla|TITAN|\bRTX\b|\bGTX\b|\b[AHBLVTP]\d{2,3}\b", re.IGNORECASE)


@dataclass(frozen=True)
class GpuFacts:
    """The graphics card that the studio uses, at one moment. None means that the driver does not report the value.

    Args:
        unified: it shares the machine's memory; then `total` and `used` are None and the system's reading counts.
        total, used: bytes of its own memory.
        process_bytes: bytes of each process on it, by process id as this machine's root namespace counts them.
        temperature: degrees Celsius. power: watts. utilisation: percent. clock, memory_clock: MHz.
        uuid: the value of CUDA_VISIBLE_DEVICES that selects this card.
    """

    name: str
    unified: bool
    total: int | None = None
    used: int | None = None
    process_bytes: Mapping[int, int] = field(default_factory=dict)
    temperature: float | None = None
    power: float | None = None
    utilisation: float | None = None
    clock: float | None = None
    memory_clock: float | None = None
    uuid: str = ""

    @property
    def has_own_memory(self) -> bool:
        """Whether engines on it use the card's memory and not the machine's."""
        return not self.unified and bool(self.total)


class GpuProbe(Protocol):
    """The source of the facts."""

    def facts(self) -> GpuFacts | None:
        """Return the present facts, or None without a card or a driver. Never raises; cheap to call often."""


class NoGpu:
    """A machine without a graphics card."""

    def facts(self) -> GpuFacts | None:
        return None


def is_unified(name: str, total: int | None, system_total: int) -> bool:
    """Rules 1 to 3 above; `total` is None when the memory query is not supported."""
    if not total or KNOWN_INTEGRATED.search(name):
        return True
    return not KNOWN_PLUG_IN.search(name) and abs(total - system_total) <= TOTALS_AGREE_WITHIN * system_total


class NvmlProbe:
    """The card as NVIDIA's management library sees it.

    The library is opened at the first call and kept; without a driver a new try is made every `retry_seconds`, so a
    driver that arrives later is found. Answers are kept for `fresh_seconds`. With several cards it is the first of
    CUDA_VISIBLE_DEVICES, else the one with the most memory. One lock guards it all; no other is taken inside.
    """

    def __init__(
        self,
        system_total: Callable[[], int],
        *,
        library: ModuleType | Any | None = None,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        fresh_seconds: float = 0.25,
        retry_seconds: float = 30.0,
    ) -> None:
        self._system_total = system_total
        self._library = library
        self._visible = (os.environ if environment is None else environment).get("CUDA_VISIBLE_DEVICES")
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._handle: Any = None
        self._retry_at = float("-inf")
        self._kept: GpuFacts | None = None
        self._kept_at = float("-inf")

    def facts(self) -> GpuFacts | None:
        with self._lock:
            now = self._clock()
            if self._kept is not None and now - self._kept_at < self._fresh_seconds:
                return self._kept
            if self._handle is None and now < self._retry_at:
                return None
            self._kept = self._ask()
            self._kept_at = now
            if self._kept is None:
                self._handle = None
                self._retry_at = now + self._retry_seconds
            return self._kept

    def _ask(self) -> GpuFacts | None:
        try:
            if self._handle is None:
                self._handle = self._open()
            return None if self._handle is None else self._read(self._handle)
        # Anything a driver may do (missing, mismatched, lost, an older library without a function) means "no card".
        except Exception:
            if self._library is not None:
                with contextlib.suppress(Exception):
                    self._library.nvmlShutdown()
            return None

    def _open(self) -> Any:
        if self._library is None:
            import pynvml  # imported here, so that a studio without a card does not load it

            self._library = pynvml
        nvml = self._library
        nvml.nvmlInit()
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        first = (self._visible or "").split(",")[0].strip()
        if self._visible is not None and first in ("", "-1"):
            return None  # every card is hidden from CUDA on purpose
        if first.isdigit():
            return handles[int(first)] if int(first) < len(handles) else None
        if first:
            return next((handle for handle in handles if _text(nvml.nvmlDeviceGetUUID(handle)).startswith(first)), None)
        return max(handles, key=lambda handle: self._own_memory(handle)[0] or 0, default=None)

    def _read(self, handle: Any) -> GpuFacts:
        nvml = self._library
        assert nvml is not None
        name = _text(nvml.nvmlDeviceGetName(handle))
        total, used = self._own_memory(handle)
        unified = is_unified(name, total, self._system_total())
        rates = self._optional(nvml.nvmlDeviceGetUtilizationRates, handle)
        power = self._optional(nvml.nvmlDeviceGetPowerUsage, handle)
        return GpuFacts(
            name=name,
            unified=unified,
            total=None if unified else total,
            used=None if unified else used,
            process_bytes=self._processes(handle),
            temperature=self._optional(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
            power=None if power is None else power / 1000,
            utilisation=None if rates is None else rates.gpu,
            clock=self._clock_of(handle, "NVML_CLOCK_GRAPHICS"),
            memory_clock=self._clock_of(handle, "NVML_CLOCK_MEM"),
            uuid=_text(self._optional(nvml.nvmlDeviceGetUUID, handle) or ""),
        )

    def _clock_of(self, handle: Any, name: str) -> float | None:
        kind = getattr(self._library, name, None)
        question = getattr(self._library, "nvmlDeviceGetClockInfo", None)
        return None if kind is None or question is None else self._optional(question, handle, kind)

    def _own_memory(self, handle: Any) -> tuple[int | None, int | None]:
        """(total, used), (None, None) where the card has none of its own. Errors of other kinds are raised."""
        nvml = self._library
        assert nvml is not None
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        except nvml.NVMLError_NotSupported:
            return None, None
        # total - free also counts what the driver reserves, which no engine can use.
        return int(memory.total), int(memory.total) - int(memory.free)

    def _processes(self, handle: Any) -> dict[int, int]:
        nvml = self._library
        assert nvml is not None
        held: dict[int, int] = {}
        for question in (nvml.nvmlDeviceGetComputeRunningProcesses_v3, nvml.nvmlDeviceGetGraphicsRunningProcesses_v3):
            for process in self._optional(question, handle) or ():
                # A process that computes and draws is in both lists, with the same figure.
                held[int(process.pid)] = max(held.get(int(process.pid), 0), int(process.usedGpuMemory or 0))
        return held

    def _optional(self, question: Callable[..., Any], *arguments: Any) -> Any:
        """Return the answer, or None if this card or driver has none."""
        assert self._library is not None
        try:
            return question(*arguments)
        except (self._library.NVMLError_NotSupported, self._library.NVMLError_FunctionNotFound):
            return None
        except self._library.NVMLError_NoPermission:
            return None


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
