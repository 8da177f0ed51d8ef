"""Check of the configured ComfyUI server."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx

from studio.doctor.context import DoctorContext
from studio.doctor.report import CheckResult, CheckStatus

GROUP = "ComfyUI"


def server(context: DoctorContext) -> Iterator[CheckResult]:
    """Check that it answers, and its version. The server is not started."""
    settings = context.settings.comfyui
    if settings.path is not None and not settings.url:
        there = (settings.path / "main.py").is_file()
        yield CheckResult(
            GROUP, "Installation", CheckStatus.OK if there else CheckStatus.FAILED,
            "Its main.py is where the settings say; it is started when a job needs it." if there
            else "There is no main.py in the folder that comfyui.path names.",
            "" if there else "Correct comfyui.path in settings.yaml.",
        )  # fmt: skip
        return
    if not settings.url:
        yield CheckResult(
            GROUP, "Server", CheckStatus.SKIPPED, "No server is set (comfyui.url in settings.yaml); the built-in swap works."
        )
        return
    began = time.perf_counter()
    try:
        answer = httpx.get(f"{settings.url.rstrip('/')}/system_stats", timeout=httpx.Timeout(60, connect=5), trust_env=False)
        version = answer.json()["system"].get("comfyui_version", "of an unknown version")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        yield CheckResult(
            GROUP, "Server", CheckStatus.FAILED, "The server does not answer as ComfyUI.",
            "Start it, or correct its address on the System tab, under Settings.", time.perf_counter() - began,
        )  # fmt: skip
    else:
        yield CheckResult(GROUP, "Server", CheckStatus.OK, f"ComfyUI {version} answers.", seconds=time.perf_counter() - began)
