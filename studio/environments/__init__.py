"""Model environments: their declarations, their states, and their installation."""

from __future__ import annotations

from studio.environments.environments import EnvironmentManager
from studio.environments.model import EnvironmentState, EnvironmentStatus

__all__ = ["EnvironmentState", "EnvironmentStatus", "EnvironmentManager"]
