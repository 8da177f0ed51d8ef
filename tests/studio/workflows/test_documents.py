"""docs/how-to/templates.md against the manifests, and its example, which is a valid template."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from studio.workflows.manifest import Manifest
from studio.workflows.reading import manifest_problems
from tests.repository.sources import ROOT
from tests.studio.workflows.servers import MANAGED

TEXT = (ROOT / "docs" / "how-to" / "templates.md").read_text("utf-8")


def test_the_table_is_that_of_the_manifests() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("| `")]
    told = {cells[0].strip("`"): cells for cells in rows if len(cells) == 6}
    assert set(told) == {template.id for template in MANAGED.all()}
    for template in MANAGED.all():
        manifest, cells = template.usable(), told[template.id]
        assert cells[2:4] == [manifest.min_comfyui, f"{manifest.memory_gib:g}"]
        assert cells[5] == "graph only"
        assert re.search(rf"\b{_most_pictures(manifest)} pictures", cells[4])


def _most_pictures(manifest: Manifest) -> int:
    limits: list[Any] = [each.constraints.max_frames for each in manifest.inputs]
    limits += [each.maximum for each in manifest.parameters if each.key in ("max_frames", "length")]
    return int(max(limit for limit in limits if limit))


def test_the_example_is_a_manifest() -> None:
    example = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert example is not None
    manifest = Manifest.model_validate(yaml.safe_load(example.group(1)))
    assert manifest_problems(manifest) == []


@pytest.mark.parametrize("name", ["graph_sha256", "rate_from", "frames_from", "resets", "frames_multiple", "form", "scale"])
def test_fields_that_are_named_exist(name: str) -> None:
    assert f"`{name}`" in TEXT
    source = Path(ROOT / "studio" / "workflows" / "manifest.py").read_text("utf-8")
    assert f"    {name}:" in source
