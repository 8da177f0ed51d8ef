"""Gradio's stub files: left alone by the studio, and no component is worse for it."""

from __future__ import annotations

import subprocess
import sys

from tests.repository.sources import ROOT

PROGRAM = """
import sys
from api.gradio.skip_stubs import skip_stub_files
skip_stub_files(); skip_stub_files()
import gradio
import gradio.component_meta as meta
print(meta.create_or_modify_pyi.__module__, len([f for f in sys.meta_path if getattr(f, "__name__", "") == "StubSkipper"]))
print([hasattr(gradio.Button, event) for event in ("click",)], gradio.Slider(0, 2, label="x").get_config()["maximum"])
"""


def test_they_are_not_read_and_components_work() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["api.gradio.skip_stubs 1", "[True] 2"], done.stdout + done.stderr


def test_the_page_writes_none_either_where_they_are_not_skipped() -> None:
    program = """
import gradio.component_meta as meta
import gradio
meta.create_or_modify_pyi = lambda component, name, events: print("would write one of", name)
class Seen(gradio.Dropdown): pass
import tabs.page
print("imported")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["would write one of Seen", "imported"], done.stdout + done.stderr
