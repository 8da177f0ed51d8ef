"""How a worker process is started: which Python, with what environment, how far back it stands."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from engines.contract import Card, Site, Tier
from engines.errors import EngineNotReady
from studio.settings import HOME

STUDIO_ENVIRONMENT = "studio"
NICE = {Tier.LIGHT: 2, Tier.MEDIUM: 5, Tier.HEAVY: 10}
OOM_SCORE_ADJ = {Tier.LIGHT: 500, Tier.MEDIUM: 700, Tier.HEAVY: 900}

_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|API_?KEY|CREDENTIAL", re.IGNORECASE)
_NOT_INHERITED = frozenset({"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV"})
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


@dataclass(frozen=True)
class Launch:
    """All that is needed to start one worker."""

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


def environment_python(card: Card, site: Site) -> Path | None:
    """The Python of the engine's environment, None when that is not installed."""
    if card.environment == STUDIO_ENVIRONMENT:
        return Path(sys.executable)
    python = site.environments / card.environment / "bin" / "python"
    return python if os.access(python, os.X_OK) else None


def install_step(card: Card) -> str:
    """What to do when the environment of an engine is missing."""
    return f"Run `./launch.sh install {card.environment}`, or use the button in the System tab."


def plan_launch(card: Card, site: Site) -> Launch:
    """How to start a worker of this engine.

    Raises:
        EngineNotReady: its environment is not installed.
    """
    python = environment_python(card, site)
    if python is None:
        raise EngineNotReady(
            f'{card.title} needs the environment "{card.environment}", which is not installed.', install_step(card)
        )
    return Launch(card.title, python, worker_environment(), NICE[card.tier], OOM_SCORE_ADJ[card.tier])


def worker_environment() -> dict[str, str]:
    """The studio's variables without its secrets and its Python paths; libraries are told to stay offline."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_INHERITED and not name.startswith("GREENROOM_") and not _SECRET.search(name)
    }
    own = {"PYTHONPATH": str(HOME), "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    return kept | own | _OFFLINE
