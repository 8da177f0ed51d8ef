"""How a worker process is started: its Python, environment variables and priority."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from engines.contract import Card, EnginePaths, Readiness, Tier
from engines.contract.engine import READY
from engines.contract.errors import EngineNotReady
from studio.environments.environments import EnvironmentManager, python_of
from studio.environments.model import EnvironmentState
from studio.environments.variables import environment_variables

STUDIO_ENVIRONMENT = "studio"
NICE = {Tier.LIGHT: 2, Tier.MEDIUM: 5, Tier.HEAVY: 10}
OOM_SCORE_ADJ = {Tier.LIGHT: 500, Tier.MEDIUM: 700, Tier.HEAVY: 900}


@dataclass(frozen=True)
class LaunchPlan:
    """Everything that is needed to start one worker."""

    title: str
    python: Path
    environment: dict[str, str]
    nice: int
    oom_score_adj: int

    def command(self, fd: int, pulse_seconds: float) -> list[str]:
        return [
            str(self.python), "-m", "engines.worker", "--fd", str(fd), "--parent", str(os.getpid()),
            "--pulse", f"{pulse_seconds:.3f}", "--nice", str(self.nice), "--oom-score-adj", str(self.oom_score_adj),
        ]  # fmt: skip


def environment_python(card: Card, site: EnginePaths) -> Path | None:
    """Return the Python of the engine's environment, None if it is not installed or incomplete."""
    if card.environment == STUDIO_ENVIRONMENT:
        return Path(sys.executable)
    ready = EnvironmentManager(site.environments).status(card.environment).ready
    return python_of(site.environments / card.environment) if ready else None


def environment_readiness(card: Card, site: EnginePaths) -> Readiness:
    """Return whether the engine's environment can be used; if not, its state and the next step."""
    if card.environment == STUDIO_ENVIRONMENT:
        return READY
    status = EnvironmentManager(site.environments).status(card.environment)
    return Readiness(status.ready, status.why, status.step)


def environment_can_be_installed(card: Card, site: EnginePaths) -> bool:
    """Return whether the studio can install the environment and is not already doing so."""
    manager = EnvironmentManager(site.environments)
    state = manager.status(card.environment).state
    return card.environment in manager.names() and state in (EnvironmentState.ABSENT, EnvironmentState.BROKEN)


def environment_size(card: Card, site: EnginePaths) -> str:
    """Return the size of an installed environment in words: with a CPU build of torch, and with CUDA."""
    size = EnvironmentManager(site.environments).declared(card.environment).declared.installed_gb
    return f"{size.cpu:.0f} to {size.cuda:.0f} GB" if size.cuda > size.cpu else f"{size.cpu:.0f} GB"


def plan_launch(card: Card, site: EnginePaths) -> LaunchPlan:
    """Return how to start a worker of this engine.

    Raises:
        EngineNotReady: its environment is not installed, or incomplete.
    """
    python = environment_python(card, site)
    if python is None:
        found = environment_readiness(card, site)
        raise EngineNotReady("engine.cannot-start", engine=card.title, why=found.why, next_step=found.step)
    variables = environment_variables(python.parent.parent)
    return LaunchPlan(card.title, python, variables, NICE[card.tier], OOM_SCORE_ADJ[card.tier])
