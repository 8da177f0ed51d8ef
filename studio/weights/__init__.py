"""Weights: what each engine needs from a model hub, what is here, and fetching, checking, moving and deleting it."""

from __future__ import annotations

from studio.weights.model import EngineWeights, WeightsError, WeightsState
from studio.weights.weights import WeightStore

__all__ = ["EngineWeights", "WeightStore", "WeightsError", "WeightsState"]
