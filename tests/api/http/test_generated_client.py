"""A client that a kept generator makes from the OpenAPI document does real work with it."""

from __future__ import annotations

import base64
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile

from tests.repository.sources import ROOT
from tests.servers import RunningStudio, wait_until

SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"


@pytest.fixture(scope="module")
def generated(server: RunningStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The generated package's client, which asks the shared studio."""
    folder = tmp_path_factory.mktemp("generated")
    document = folder / "openapi.json"
    document.write_bytes(httpx.get(f"{server.url}/api/v1/openapi.json").raise_for_status().content)
    program = [str(Path(sys.executable).with_name("clientele")), "start-api", "-f", str(document), "-o", "made_client"]
    made = subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("BASE_URL", f"{server.url}/api/v1")
        patch.setenv("TIMEOUT", "60")
        yield importlib.import_module("made_client.client")
    for name in [name for name in sys.modules if name.startswith("made_client")]:
        del sys.modules[name]


def test_it_uploads_a_voice_makes_a_narration_follows_the_job_and_fetches_the_result(generated: Any, tmp_path: Path) -> None:
    schemas = generated.schemas
    clip = f"data:audio/wav;base64,{base64.b64encode(SAMPLE.read_bytes()).decode()}"
    voice = generated.save_voice(data=schemas.SaveVoiceInput(name="By a made client", audio=clip, tags=["made"]))
    assert isinstance(voice, schemas.VoiceAnswer) and voice.name == "By a made client" and voice.duration > 5
    assert "By a made client" in [one.name for one in generated.voices()]
    spec = {"script": "A client that was made by a program asked for this.", "voice": "hibari/heart", "format": "flac"}
    job = generated.submit(data=schemas.SubmitInput(kind="voiceover", spec=spec))
    assert isinstance(job, schemas.JobAnswer)
    states: list[str] = []

    def ended() -> bool:
        states.append(generated.get_job(job_id=job.id).state)
        return states[-1] in ("done", "failed")

    wait_until(ended, 90, step=0.2)
    done = generated.get_job(job_id=job.id)
    assert done.state == "done" and done.progress == 1.0 and done.error is None
    sound = next(output for output in done.outputs if output.kind == "audio")
    (tmp_path / "made.flac").write_bytes(httpx.get(sound.url).raise_for_status().content)
    assert 1 < soundfile.info(tmp_path / "made.flac").duration < 10
    narration = generated.voiceover(data=schemas.VoiceoverInput(script="And this it waited for.", voice="hibari/heart"))
    assert narration.job.state == "done" and httpx.get(narration.audio.url).content[:4] == b"RIFF"
    assert "-->" in httpx.get(narration.subtitles.url).text
    generated.delete_voice(data=schemas.VoiceName(voice="By a made client"))


def test_it_gets_problems_as_such(generated: Any) -> None:
    schemas = generated.schemas
    problem = generated.get_job(job_id="nonsense")
    assert isinstance(problem, schemas.Problem) and (problem.status, problem.code) == (404, "job.unknown")
    problem = generated.voiceover(data=schemas.VoiceoverInput(script="Hi.", format="wma"))
    assert isinstance(problem, schemas.Problem) and problem.status == 422 and "wma" in problem.detail
