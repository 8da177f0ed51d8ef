"""Transcripts in the formats of OpenAI's API: as one answer, or as events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from api.openai.errors import WrongParameter
from studio.errors import NotFound
from studio.jobs.model import Job

RESPONSE_FORMATS = ("json", "text", "srt", "vtt", "verbose_json")
STREAMED_SHAPES = ("json", "text")
GRANULARITIES = ("word", "segment")
EVENTS = "text/event-stream"


def shape_of(fields: Mapping[str, str], *, streamed: bool) -> str:
    """Return the requested response format.

    Raises:
        WrongParameter: the format is unknown, or cannot be streamed.
    """
    shape = fields.get("response_format", "json")
    allowed = STREAMED_SHAPES if streamed else RESPONSE_FORMATS
    if shape not in RESPONSE_FORMATS:
        raise WrongParameter("openai.format-unknown", param="response_format", format=shape, known=allowed)
    if shape not in allowed:
        raise WrongParameter("openai.format-not-streamed", param="response_format", format=shape, streamed=allowed)
    return shape


def is_streamed(fields: Mapping[str, str]) -> bool:
    """Return whether events are requested.

    Raises:
        WrongParameter: neither true nor false.
    """
    said = fields.get("stream", "").lower()
    if said not in ("", "true", "1", "false", "0"):
        raise WrongParameter("openai.stream-not-boolean", param="stream", given=said[:20])
    return said in ("true", "1")


def checked_granularities(values: Sequence[str]) -> tuple[str, ...]:
    """
    Raises:
        WrongParameter: one is neither "word" nor "segment".
    """
    for value in values:
        if value not in GRANULARITIES:
            raise WrongParameter(
                "openai.granularity-unknown", param="timestamp_granularities", given=value[:40], known=GRANULARITIES
            )
    return tuple(values)


def transcript_events(job: Job) -> Iterator[str]:
    """Yield the text as server-sent events, segment by segment and then complete; the segments add up to the complete text."""
    written = json.loads(_file(job, ".json").read_bytes())
    whole, told = written["text"], 0
    for one in written["segments"]:
        end = whole.find(one["text"], told) + len(one["text"])
        if end > told:
            yield _event("transcript.text.delta", delta=whole[told:end])
            told = end
    yield _event("transcript.text.done", text=whole)


def _event(kind: str, **fields: str) -> str:
    return f"data: {json.dumps({'type': kind, **fields})}\n\n"


def transcript_body(
    job: Job, shape: str, granularities: Sequence[str] = (), task: str = "transcribe"
) -> tuple[str | dict[str, Any], str]:
    """Return the answer in one format, with its media type.

    Args:
        granularities: of "verbose_json": "word" and "segment"; segments only if empty.
    """
    if shape in ("srt", "vtt"):
        return _file(job, f".{shape}").read_text("utf-8"), "text/plain"
    if shape == "text":
        return _file(job, ".txt").read_text("utf-8"), "text/plain"
    written = json.loads(_file(job, ".json").read_bytes())
    if shape == "json":
        return {"text": written["text"]}, "application/json"
    verbose: dict[str, Any] = {
        "task": task,
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
    """Return one segment. Fields that the engines do not provide (tokens, seek) have neutral values; `doubt` is an addition of
    this API."""
    unknown = {"seek": 0, "tokens": [], "temperature": 0.0, "avg_logprob": 0.0, "compression_ratio": 0.0, "no_speech_prob": 0.0}
    return {"id": number, "start": one["start"], "end": one["end"], "text": one["text"], "doubt": one["doubt"], **unknown}


def _file(job: Job, ending: str) -> Path:
    for output in job.outputs:
        if output.path.endswith(ending):
            return Path(output.path)
    raise NotFound("job.no-such-file", job=job.id, kind=ending[1:])
