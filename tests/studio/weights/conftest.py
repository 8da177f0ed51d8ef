"""A hub on loopback, an engine whose weights lie there, and the studio's weights on two roots."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.contract import Card, Engine, EngineKind, EnginePaths, HubFile, Licence, Tier
from studio.settings import WeightSettings
from studio.weights import WeightStore
from tests.studio.weights.hub import Hub, running_hub

REPO = "greenroom/tiny"
BIG = random.Random(5).randbytes(3_000_000)
SMALL = b'{"layers": 2}'


def card_of(engine_id: str, *paths: str, repo: str = REPO, gated: bool = False) -> Card:
    files = tuple(HubFile(repo, path, len(BIG) if "model" in path else len(SMALL), gated=gated) for path in paths)
    research = Licence("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/", commercial_use=False)
    return Card(
        engine_id, engine_id.title(), EngineKind.SPEECH, "An engine with weights.", "1", Licence("MIT"), research, Tier.LIGHT,
        hub_files=files,
    )  # fmt: skip


def engine_of(engine_card: Card) -> type[Engine]:
    return type("WithWeights", (Engine,), {"card": engine_card, "load": lambda self: None})


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running_hub() as served:
        served.files = {f"{REPO}/sub/model.safetensors": BIG, f"{REPO}/config.json": SMALL}
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield served


@pytest.fixture
def site(tmp_path: Path) -> EnginePaths:
    return EnginePaths(assets=tmp_path, cache=tmp_path / "cache", weights=(tmp_path / "weights", tmp_path / "other disk"))


@pytest.fixture
def make_weights(site: EnginePaths) -> Callable[..., WeightStore]:
    def make(*cards: Card, reserve: int = 0, offline: bool = False, **settings: Any) -> WeightStore:
        engines = [engine_of(card) for card in cards or (card_of("tiny", "sub/model.safetensors", "config.json"),)]
        return WeightStore(site, lambda: engines, WeightSettings(offline=offline, **settings), reserve)

    return make
