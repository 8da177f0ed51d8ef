"""Model environments: what is declared, what is installed, and how one is made whole."""

from __future__ import annotations

from studio.environments.environments import EnvironmentManager
from studio.environments.model import EnvironmentState, EnvironmentStatus

__all__ = ["EnvironmentState", "EnvironmentStatus", "EnvironmentManager"]
