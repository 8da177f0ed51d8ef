"""A transcript in the shapes of OpenAI's API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.errors import NotFound
from studio.jobs.model import Job

RESPONSE_FORMATS = ("json", "text", "srt", "vtt", "verbose_json")


def transcript_body(job: Job, shape: str, granularities: Sequence[str] = ()) -> tuple[str | dict[str, Any], str]:
    """The answer of one shape, with its media type.

    Args:
        granularities: of "verbose_json": "word" and "segment"; segments alone when nothing is asked for.
    """
    if shape in ("srt", "vtt"):
        return _file(job, f".{shape}").read_text("utf-8"), "text/plain"
    if shape == "text":
        return _file(job, ".txt").read_text("utf-8"), "text/plain"
    written = json.loads(_file(job, ".json").read_bytes())
    if shape == "json":
        return {"text": written["text"]}, "application/json"
    verbose: dict[str, Any] = {
        "task": "transcribe",
        "language": written["language"],
        "duration": written["duration"],
        "text": written["text"],
    }
    if not granularities or "segment" in granularities:
        verbose["segments"] = [_segment(number, one) for number, one in enumerate(written["segments"])]
    if "word" in granularities:
        words = (word for one in written["segments"] for word in one["words"])
        verbose["words"] = [{"word": text, "start": start, "end": end} for text, start, end in words]
    return verbose, "application/json"


def _segment(number: int, one: dict[str, Any]) -> dict[str, Any]:
    """One stretch. What engines here do not tell (tokens, seek) has the value that says nothing; `doubt` is ours."""
    unknown = {"seek": 0, "tokens": [], "temperature": 0.0, "avg_logprob": 0.0, "compression_ratio": 0.0, "no_speech_prob": 0.0}
    return {"id": number, "start": one["start"], "end": one["end"], "text": one["text"], "doubt": one["doubt"], **unknown}


def _file(job: Job, ending: str) -> Path:
    for output in job.outputs:
        if output.path.endswith(ending):
            return Path(output.path)
    raise NotFound(f"Job {job.id} left no {ending[1:]} file.")
