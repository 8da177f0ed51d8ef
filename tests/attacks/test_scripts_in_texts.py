"""Script in whatever a person can write or upload: names, notes, tags, titles, file names, tags inside media. None runs."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import av
import httpx
import numpy as np
import pytest
from gradio_client import handle_file

from media.audio.decode import decode_audio
from tests.browser import new_context
from tests.conftest import TOKEN
from tests.repository.sources import ROOT
from tests.servers import RunningStudio

SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"
EVIL = "<img src=x onerror=alert(1)>"
QUOTED = "\"><svg onload=alert(2)>'-alert(3)-'"
TAG = "<script>alert(4)<" + chr(92) + "/script>{{alert(5)}}${alert(6)}"


def poisoned_sound(folder: Path) -> Path:
    """A short sound whose name and whose own tags hold script."""
    sound = decode_audio(SAMPLE).mono().samples[: 22050 * 4, 0]
    path = folder / f"{EVIL}.mp3"
    with av.open(str(path), "w", format="mp3") as container:
        container.metadata.update({"title": EVIL, "artist": QUOTED, "comment": TAG})
        stream = container.add_stream("libmp3lame", rate=22050, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[None, :].astype(np.float32), "fltp", "mono")
        frame.rate = 22050
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path


@pytest.mark.journey
def test_no_text_runs_as_script_anywhere_on_the_page(guarded: RunningStudio, chromium: Any, tmp_path: Path) -> None:
    client = guarded.client(TOKEN)
    sound = poisoned_sound(tmp_path)
    poisoned = {"transcript": f"{EVIL} {TAG}", "tags": [EVIL, QUOTED], "consent": TAG}
    client.predict(EVIL, handle_file(str(sound)), *poisoned.values(), api_name="/save_voice")
    scripts = (f"# {EVIL}\n\n{QUOTED} said {TAG}.", f"{EVIL} says hello.", f"{QUOTED}: Hello.")
    jobs = [
        client.predict("voiceover", {"script": script, "engine": "hibari", "title": EVIL}, api_name="/submit")
        for script in scripts
    ]
    jobs.append(client.predict(handle_file(str(sound)), api_name="/transcribe")[2])
    for job in jobs:
        while client.predict(job["id"], api_name="/job")["state"] not in ("done", "failed", "cancelled"):
            time.sleep(0.3)
    shutil.copy(SAMPLE, guarded.data / "outputs" / "<img src=x onerror=alert(7)>.wav")

    exported = tmp_path / "evil.greenroom-voice"
    link = f"{guarded.url}/media/voices/{quote(EVIL, safe='')}/export"
    exported.write_bytes(httpx.get(link, headers={"Authorization": f"Bearer {TOKEN}"}).raise_for_status().content)

    context = new_context(chromium)
    page, alerts, errors = context.new_page(), [], []

    def answer(dialog: Any) -> None:
        if dialog.type == "alert":
            alerts.append(dialog.message)
        dialog.accept()

    page.on("dialog", answer)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{guarded.url}/?token={TOKEN}")
    page.get_by_role("tab", name="Voiceover", exact=True).wait_for(timeout=60_000)
    shown = []
    for name in dict.fromkeys(page.get_by_role("tablist").first.get_by_role("tab").all_inner_texts()):
        page.get_by_role("tab", name=name, exact=True).click()
        page.wait_for_timeout(500)
        page.evaluate("document.querySelectorAll('.label-wrap:not(.open)').forEach(fold => fold.click())")
        shown.append(EVIL in page.inner_text("body"))
    assert any(shown), "the test sees nothing of what it wrote"

    # What is said in the page's corner.
    page.get_by_role("tab", name="Voiceover", exact=True).click()
    page.get_by_role("tab", name="Voices", exact=True).click()
    page.evaluate("document.querySelectorAll('.label-wrap:not(.open)').forEach(fold => fold.click())")
    page.locator("input[type=file][accept*='greenroom-voice']").set_input_files(exported)
    page.get_by_role("button", name=f"Delete {EVIL} (2)", exact=True).wait_for(timeout=30_000)
    voices = page.get_by_role("region", name="Saved voices")
    voices.get_by_role("button", name=f"Delete {EVIL}", exact=True).click()
    voices.get_by_role("button", name=f"Delete {EVIL}", exact=True).wait_for(state="detached", timeout=30_000)
    page.wait_for_timeout(1_000)  # the notice in the corner, with the way back
    assert page.locator("img[src=x], svg[onload]").count() == 0
    assert not alerts and not errors
    context.close()
    client.predict(f"{EVIL} (2)", api_name="/delete_voice")
