"""The engine that takes memory until it is stopped, as a heavy one."""

from __future__ import annotations

from dataclasses import replace

from engines.contract import Tier
from tests.engines.fault_engine import FaultEngine


class HeavyHog(FaultEngine):
    """See FaultEngine's behaviour "hog"."""

    card = replace(FaultEngine.card, id="hog", title="Heavy hog", tier=Tier.HEAVY, memory_gib=0.05, stall_seconds=60.0)
