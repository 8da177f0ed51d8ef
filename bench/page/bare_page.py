"""A bare Gradio page with as many components of the same kinds as a given page, wired to nothing.

Run as a program with a port; the kinds come as a JSON list on stdin.
"""

from __future__ import annotations

import json
import os
import sys

os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")

import gradio as gr


def build(kinds: list[str]) -> gr.Blocks:
    """Components as their own class; layout (rows, tabs, groups) as empty rows."""
    classes = {name.lower(): getattr(gr, name) for name in dir(gr.components) if hasattr(gr, name)}
    with gr.Blocks() as page:
        for kind in kinds:
            made = classes.get(kind, gr.Row)
            made()
    return page


if __name__ == "__main__":
    build(json.load(sys.stdin)).launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True, run_history=False)
