"""One file holds the version, and everything that tells it reads that one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from studio import version
from studio.errors import GreenroomError
from tests.repository.sources import ROOT, studio_sources


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    version.studio_version.cache_clear()


def test_the_file_holds_a_version_of_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", (ROOT / "VERSION").read_text("utf-8"))
    assert version.studio_version() + "\n" == (ROOT / "VERSION").read_text("utf-8")


def test_the_changelog_and_the_version_agree() -> None:
    """The version is that of the newest section, or the one that "Unreleased" is about to become."""
    sections = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    numbers = [tuple(map(int, one.split("."))) for one in sections[1:]]
    assert sections[0] == "Unreleased" and numbers == sorted(numbers, reverse=True)
    assert tuple(map(int, version.studio_version().split("."))) >= numbers[0]


@pytest.mark.parametrize("text", [None, "", "ten\n", "0.10\n", "0.10.0 <b>\n", "0.10.0\n1.0.0\n"])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    if text is not None:
        (tmp_path / "VERSION").write_text(text)
    monkeypatch.setattr(version, "VERSION_FILE", tmp_path / "VERSION")
    with pytest.raises(GreenroomError, match="VERSION") as refused:
        version.studio_version()
    assert refused.value.hint


def test_reading_it_costs_neither_gradio_nor_a_package() -> None:
    program = "import sys, studio.version as v; v.studio_version(); print(*{n.partition('.')[0] for n in sys.modules})"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(result.stdout.split()) & {"gradio", "pydantic", "numpy", "yaml", "av", "torch", "fastapi"}


def test_engines_and_workers_do_without_it() -> None:
    below = [source for source in studio_sources() if source.room in ("engines", "media")]
    assert below and not [source.name for source in below if "VERSION_FILE" in source.text or "studio_version" in source.text]


def test_the_page_shows_it() -> None:
    import gradio as gr

    from tabs.header import build_masthead

    with gr.Blocks() as page:
        build_masthead()
    drawn = str(page.get_config_file()["components"])
    assert f">{version.studio_version()}</span>" in drawn
