"""The example in docs/contributing/adding-a-capability.md is a kind of job that works everywhere, from a package and a line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import gradio as gr
import pytest

import capabilities
from api.operations.calling import Operations
from api.operations.registry import OPERATIONS
from capabilities.registry import BUILT_IN, all_capabilities, kinds
from media.audio.decode import probe
from studio.errors import InvalidInput
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from studio.voices.preview import VoicePreviews
from tabs.common.wiring import settings_elsewhere
from tabs.system.jobs import JobsSection

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "contributing" / "adding-a-capability.md"


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """A studio with the package of the document beside the others, and its line in the registry."""
    module, line = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.S)
    (tmp_path / "package" / "silence").mkdir(parents=True)
    (tmp_path / "package" / "silence" / "__init__.py").touch()
    (tmp_path / "package" / "silence" / "capability.py").write_text(module, "utf-8")
    monkeypatch.setattr(capabilities, "__path__", [*capabilities.__path__, str(tmp_path / "package")])
    names = (*BUILT_IN, line.strip().strip('",'))
    opened = Services.open(load_settings(data={"folder": tmp_path / "data"}), partial(all_capabilities, names=names))
    yield opened
    opened.close()
    for name in [name for name in sys.modules if name.startswith("capabilities.silence")]:
        del sys.modules[name]


def test_it_is_submitted_estimated_run_and_listed(studio: Services) -> None:
    auditions = VoicePreviews(studio.catalog, studio.site, studio.voices, studio.pronunciations, studio.workers, studio.segments)
    operations = Operations(studio, auditions, studio.paths.root / "uploads")
    call = {"kind": "silence", "spec": {"seconds": 2}}
    told = operations.call("estimate", call)
    assert (told.seconds, told.time, told.fits) == (2.0, None, True)
    job = studio.jobs.wait(operations.call("submit", call).id, 30)
    assert job.state is JobState.DONE and job.title == "2 s of silence"
    output = studio.library.get(job.outputs[0].id)
    assert probe(output.path).duration == 2.0 and output.recipe["kind"] == "silence"
    assert [one.id for one in operations.call("jobs", {"kind": "silence"})] == [job.id]
    again = studio.jobs.wait(studio.jobs.submit(output.recipe["kind"], output.recipe["spec"]).id, 30)
    assert again.state is JobState.DONE
    for spec, words in (({"seconds": 0}, "seconds"), ({"second": 1}, "second"), ({"title": "# A"}, "title")):
        with pytest.raises(InvalidInput, match=words):
            studio.jobs.submit("silence", spec)
    with pytest.raises(InvalidInput, match=r"Kinds that can: .*, silence\."):
        studio.jobs.estimate("doctor", {})


def test_calls_name_every_kind_there_is(studio: Services) -> None:
    """The descriptions of `submit` and `estimate` are made from the registry, without any kind by hand."""
    named = {name: OPERATIONS[name].input.model_fields["kind"].description or "" for name in ("submit", "estimate")}
    assert {*re.findall(r"\w+(?=[,.])", named["submit"]), "silence"} == set(studio.jobs.kinds())
    line = "capabilities.silence.capability:Silence"
    assert kinds((line,)) == kinds((line,), estimated=True) == ("silence",)
    able = {kind for kind in studio.jobs.kinds() if kind != "silence" and kind in kinds(estimated=True)}
    assert set(re.findall(r"\w+(?=[,.])", named["estimate"])) == able and "doctor" not in able


def test_pages_read_of_it_in_the_registry(studio: Services) -> None:
    assert "silence" in studio.kinds_of_tab("Voiceover") and "silence" not in studio.kinds_of_tab("Voiceover", with_form=True)
    assert "no settings" in str(settings_elsewhere(studio, "silence"))
    assert "tab Lip-sync" in str(settings_elsewhere(studio, "animate_portrait"))
    with gr.Blocks():
        section = JobsSection(studio)
    assert ("Silence", "silence") in section.kind.choices
