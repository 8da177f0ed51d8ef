"""The card's facts from recorded answers of NVML, and from the real library on a machine without a driver."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from studio.memory.machine.gpu import NvmlProbe, is_unified
from studio.units import GIB, MIB
from tests.studio.memory.machines import CARD_TOTAL, LAPTOP_TOTAL_KB, SPARK_TOTAL_KB


class RecordedNvml:
    """What NVML answers on a recorded machine: a dict per card, an exception where it refuses."""

    NVML_TEMPERATURE_GPU = 0
    NVMLError_NotSupported = pynvml.NVMLError_NotSupported
    NVMLError_FunctionNotFound = pynvml.NVMLError_FunctionNotFound
    NVMLError_NoPermission = pynvml.NVMLError_NoPermission

    def __init__(self, *cards: dict[str, Any]) -> None:
        self.cards = cards
        self.started = 0
        self.asked = 0

    def nvmlInit(self) -> None:
        self.started += 1

    def nvmlShutdown(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> dict[str, Any]:
        return self.cards[index]

    def nvmlDeviceGetMemoryInfo(self, card: dict[str, Any]) -> SimpleNamespace:
        self.asked += 1
        total, free = answer(card, "memory")
        return SimpleNamespace(total=total, free=free, used=total - free - 100)

    def nvmlDeviceGetName(self, card: dict[str, Any]) -> Any:
        return answer(card, "name")

    def nvmlDeviceGetUUID(self, card: dict[str, Any]) -> str:
        return answer(card, "uuid")

    def nvmlDeviceGetUtilizationRates(self, card: dict[str, Any]) -> SimpleNamespace:
        return SimpleNamespace(gpu=answer(card, "utilisation"))

    def nvmlDeviceGetPowerUsage(self, card: dict[str, Any]) -> int:
        return answer(card, "power")

    def nvmlDeviceGetTemperature(self, card: dict[str, Any], sensor: int) -> int:
        return answer(card, "temperature")

    def nvmlDeviceGetComputeRunningProcesses_v3(self, card: dict[str, Any]) -> list[SimpleNamespace]:
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in answer(card, "compute").items()]

    def nvmlDeviceGetGraphicsRunningProcesses_v3(self, card: dict[str, Any]) -> list[SimpleNamespace]:
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in answer(card, "graphics").items()]


def answer(card: dict[str, Any], key: str) -> Any:
    value = card.get(key, pynvml.NVMLError_NotSupported())
    if isinstance(value, Exception):
        raise value
    return value


SPARK_CARD = {
    "name": "NVIDIA GB10",
    "uuid": "GPU-2d",
    "utilisation": 0,
    "power": 11_170,
    "temperature": 35,
    "compute": {4711: 6 * GIB},
}
CARD = {
    "name": b"NVIDIA GeForce RTX 4090", "uuid": "GPU-aa", "memory": (CARD_TOTAL, CARD_TOTAL - 3 * GIB), "utilisation": 97,
    "power": 412_500, "temperature": 71, "compute": {10: 2 * GIB, 11: None}, "graphics": {10: 2 * GIB, 12: 200 * MIB},
}  # fmt: skip


def probe(*cards: dict[str, Any], total: int = SPARK_TOTAL_KB * 1024, **more: Any) -> NvmlProbe:
    return NvmlProbe(lambda: total, library=RecordedNvml(*cards), environment=more.pop("environment", {}), **more)


def test_spark_has_no_memory_of_its_own_but_says_what_processes_hold() -> None:
    facts = probe(SPARK_CARD).facts()
    assert facts is not None
    assert facts.unified and not facts.has_own_memory
    assert (facts.total, facts.used) == (None, None)
    assert facts.process_bytes == {4711: 6 * GIB}
    assert (facts.temperature, facts.power, facts.utilisation) == (35, 11.17, 0)


def test_plug_in_card_has_its_own_memory() -> None:
    facts = probe(CARD, total=LAPTOP_TOTAL_KB * 1024).facts()
    assert facts is not None
    assert facts.name == "NVIDIA GeForce RTX 4090"
    assert facts.has_own_memory
    assert (facts.total, facts.used) == (CARD_TOTAL, 3 * GIB)
    assert facts.process_bytes == {10: 2 * GIB, 11: 0, 12: 200 * MIB}
    assert facts.uuid == "GPU-aa"


@pytest.mark.parametrize(
    ("name", "total", "system_total", "unified"),
    [
        ("NVIDIA GB10", None, 122 * GIB, True),
        ("NVIDIA GB10", 0, 122 * GIB, True),
        ("NVIDIA GB10", 64 * GIB, 122 * GIB, True),  # by name, whatever a driver makes up
        ("NVIDIA Something New", 122 * GIB, int(122.5 * GIB), True),
        ("NVIDIA Something New", 96 * GIB, 122 * GIB, False),
        ("NVIDIA N1X", 8 * GIB, 122 * GIB, True),  # whose driver tells 8 GB of its own
        ("Orin (nvgpu)", 30 * GIB, 30 * GIB, True),
        ("NVIDIA Thor", 122 * GIB, 122 * GIB, True),
        ("NVIDIA GeForce RTX 4090", CARD_TOTAL, CARD_TOTAL, False),  # 24 GB card in a PC with 24 GB
        ("NVIDIA A100-SXM4-80GB", 80 * GIB, 80 * GIB, False),
        ("NVIDIA H100 80GB HBM3", 80 * GIB, 2000 * GIB, False),
    ],
)
def test_unified_memory_is_told_by_answers_then_sizes_then_names(
    name: str, total: int | None, system_total: int, unified: bool
) -> None:
    assert is_unified(name, total, system_total) is unified


@pytest.mark.parametrize(
    "failure",
    [pynvml.NVMLError_GpuIsLost(), pynvml.NVMLError_LibRmVersionMismatch(), pynvml.NVMLError_Unknown(), OSError("gone")],
)
def test_a_failing_driver_is_no_card_and_never_unified(failure: Exception) -> None:
    assert probe({**CARD, "memory": failure}).facts() is None


def test_a_lost_card_is_found_again_after_a_while_and_not_before() -> None:
    now = [0.0]
    library = RecordedNvml(dict(CARD))
    asked = NvmlProbe(lambda: 1, library=library, environment={}, clock=lambda: now[0], fresh_seconds=1, retry_seconds=30)
    assert asked.facts() is not None
    library.cards[0]["memory"] = pynvml.NVMLError_GpuIsLost()
    now[0] = 2
    assert asked.facts() is None
    library.cards[0]["memory"] = CARD["memory"]
    now[0] = 20
    assert asked.facts() is None, "asked again too early"
    now[0] = 33
    assert asked.facts() is not None
    assert library.started == 2


def test_answers_are_kept_for_a_moment_and_the_library_stays_open() -> None:
    now = [0.0]
    library = RecordedNvml(CARD)
    asked = NvmlProbe(lambda: 1, library=library, environment={}, clock=lambda: now[0], fresh_seconds=0.25)
    asked.facts()
    before = library.asked
    asked.facts()
    assert library.asked == before
    now[0] = 0.3
    asked.facts()
    assert library.asked == before + 1
    assert library.started == 1


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, "GPU-bb"),
        ("0", "GPU-aa"),
        ("1,0", "GPU-bb"),
        ("GPU-a", "GPU-aa"),
        ("", None),
        ("-1", None),
        ("7", None),
        ("GPU-z", None),
    ],
)
def test_the_card_is_the_one_that_cuda_will_use(visible: str | None, expected: str | None) -> None:
    larger = {**CARD, "uuid": "GPU-bb", "memory": (48 * GIB, 48 * GIB)}
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    facts = probe(CARD, larger, environment=environment).facts()
    assert (None if facts is None else facts.uuid) == expected


def test_an_older_driver_without_some_functions_still_gives_the_rest() -> None:
    old = {**CARD, "compute": pynvml.NVMLError_FunctionNotFound(), "power": pynvml.NVMLError_NoPermission()}
    facts = probe(old, total=GIB).facts()
    assert facts is not None
    assert facts.power is None
    assert facts.process_bytes == {10: 2 * GIB, 12: 200 * MIB}


def test_the_real_library_never_raises() -> None:
    facts = NvmlProbe(lambda: 1, environment={}).facts()
    assert facts is None or facts.name
