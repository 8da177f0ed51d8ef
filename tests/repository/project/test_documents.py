"""What the documents say is so: their commands run, their paths exist, their calls are the API's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from api.gradio.endpoints import parameters_of
from api.operations.registry import OPERATIONS
from tests.repository.sources import ROOT
from tests.servers import RunningStudio

README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)\)", document.read_text("utf-8"))
    assert not [target for target in targets if not (document.parent / target).exists()]


@pytest.mark.parametrize("document", [README, ARCHITECTURE], ids=["README", "architecture"])
def test_files_that_are_named_exist(document: str) -> None:
    named = set(
        re.findall(r"`((?:app|launch|tabs|api|studio|engines|media|tests|bench|assets|docs)[\w./-]*(?:\.\w+|/))`", document)
    )
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_folders_of_the_house_are_those_of_the_drawing() -> None:
    drawn = set(re.findall(r"^  ?(\w+)/ ", blocks(ARCHITECTURE, "")[0], re.MULTILINE))
    drawn |= set(re.findall(r"^(\w+)/ ", blocks(ARCHITECTURE, "")[0], re.MULTILINE))
    for name in drawn:
        assert (ROOT / name).is_dir() or (ROOT / "studio" / name).is_dir(), name


def test_the_table_of_layers_names_every_package() -> None:
    rows = {
        layer: set(re.findall(r"`(\w+)/`", row)) for layer, row in re.findall(r"^\| `(\w+)/` \|(.*)", ARCHITECTURE, re.MULTILINE)
    }
    assert set(rows) == {"tabs", "api", "capabilities", "studio", "engines", "media"}
    for layer, named in rows.items():
        missing = {init.parent.name for init in (ROOT / layer).glob("*/__init__.py")} - named
        assert not missing, f"{layer}: {missing}"
        assert not [name for name in named if not list((ROOT / layer).rglob(name))], layer


def test_commands_are_taken_by_the_launcher() -> None:
    usage = subprocess.run([str(ROOT / "launch.sh"), "--help"], capture_output=True, text=True, check=True).stdout
    for document in DOCUMENTS:
        for command in re.findall(r"(?:^|`)\./launch\.sh ([a-z][\w-]*)", document.read_text("utf-8"), re.MULTILINE):
            assert re.search(rf"(?:launch\.sh |\[){re.escape(command)}\b", usage), f"{document.name}: {command}"


def test_calls_are_those_of_the_api() -> None:
    for name, operation in OPERATIONS.items():
        parameters = [str(one.replace(annotation=one.empty)) for one in parameters_of(operation)]
        call = f"/{name}({', '.join(parameters)})".replace("'", '"')
        assert f"`{call}`" in README, call


def test_the_ten_lines_work(server: RunningStudio, tmp_path: Path) -> None:
    """The README's script as it stands, but for the port, on a script with speakers and a chapter."""
    (lines,) = blocks(README, "python")
    assert len(lines.strip().splitlines()) <= 10
    script = "# One\n\nIt was late.\n\nAnna (voice=espeak/gmw/en-US): Who is there?\n\nBen (voice=espeak/gmw/en): Only me."
    (tmp_path / "script.txt").write_text(script)
    program = lines.replace("http://127.0.0.1:7860", server.url)
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=180)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1].startswith("done ")
    assert soundfile.info(tmp_path / "narration.mp3").duration > 3
    assert (tmp_path / "narration.srt").read_text().count("-->") >= 3


def test_settings_that_are_named_exist() -> None:
    from studio.settings import Settings

    for group, key in re.findall(r"GREENROOM_([A-Z]+)__([A-Z_]+)", README):
        assert key.lower() in Settings.model_fields[group.lower()].annotation.model_fields  # type: ignore[union-attr]
    for group, key in re.findall(r"`(server|lanes|memory|workers|voiceover|library|jobs|engines)\.([a-z_]+)`", ARCHITECTURE):
        assert key in Settings.model_fields[group].annotation.model_fields  # type: ignore[union-attr]
