"""Hooks of a worker pool, and its functions to measure memory; each has a default that needs no studio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from studio.callbacks import always_true, no_op
from studio.workers.idle_times import IdleTimeouts
from studio.workers.model import AdmissionHook, ReuseHook, SilentObserver, WorkerObserver, admit_all, reuse_all
from studio.workers.process.metering import available_gib, no_gpu


@dataclass(frozen=True)
class PoolOptions:
    """Hooks and measurements of a WorkerPool.

    Args:
        light_workers: how many workers a light engine may have at once; others have one.
        admit: the memory gate, called before every start. reuse: called before a warm worker begins another job.
        idle: how long unused workers stay; as the settings say if not given.
        tell: called with a kind and a sentence when an idle worker was ended.
        observer: records what workers hold. room_for_spares: whether there is memory for a spare process.
        available: returns available main memory in GiB. gpu_bytes: returns the graphics memory of a process id.
        tolerance_gib: an unload has succeeded if available memory is back to within this.
    """

    light_workers: int = 2
    admit: AdmissionHook = admit_all
    reuse: ReuseHook = reuse_all
    idle: IdleTimeouts | None = None
    tell: Callable[[str, str], None] = no_op
    observer: WorkerObserver = field(default_factory=SilentObserver)
    room_for_spares: Callable[[], bool] = always_true
    available: Callable[[], float] = available_gib
    gpu_bytes: Callable[[int], int] = no_gpu
    tolerance_gib: float = 0.3


DEFAULT_OPTIONS = PoolOptions()
