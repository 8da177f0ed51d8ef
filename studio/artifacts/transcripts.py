"""Transcripts of parts of a sound, stored under a hash of sound and settings, so that a long job can be resumed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from engines.contract import Card, EngineOptions, TimedMark, TranscribedSegment, Transcript
from engines.transcription.common.transcript import transcript_of
from media.audio.audio import Audio
from media.text.layout import whole_milliseconds
from studio.artifacts.segments import SegmentStore
from studio.files import write_atomic

MOST_PIECES = 5_000
"""Some weeks of sound; older ones go first."""


class TranscriptStore:
    """One small JSON file for each part, in `folder`. A file that cannot be read counts as missing.

    Any thread may call any method: files are complete or missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def key(heard: Audio, card: Card, options: EngineOptions, language: str) -> str:
        """Return the hash of all inputs of the transcript of a part."""
        return SegmentStore.key(
            {
                "sound": sha256(heard.samples.tobytes()).hexdigest(),
                "rate": heard.rate,
                "engine": card.id,
                "version": card.version,
                "options": options.model_dump(mode="json"),
                "language": language,
            }
        )

    def get(self, key: str) -> Transcript | None:
        try:
            return transcript_from(json.loads(self._path(key).read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, transcript: Transcript) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self._path(key), json.dumps(as_json(transcript), ensure_ascii=False).encode())

    def prune(self) -> int:
        """Remove the oldest files above MOST_PIECES; return their number."""
        if not self._folder.is_dir():
            return 0
        pieces = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in pieces[:-MOST_PIECES]:
            path.unlink(missing_ok=True)
        return max(0, len(pieces) - MOST_PIECES)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"


def as_json(transcript: Transcript) -> dict[str, Any]:
    """Return a transcript as JSON: text, language, and its segments with words as [text, start, end] in seconds."""
    return {
        "text": transcript.text,
        "language": transcript.language,
        "segments": [
            {
                "text": one.text,
                "start": one.start,
                "end": one.end,
                "doubt": one.doubt,
                "words": [[word.text, word.start, word.end] for word in one.words],
            }
            for one in transcript.segments
        ],
    }


def transcript_from(data: Mapping[str, Any]) -> Transcript:
    """Return the transcript that `as_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is not one.
    """
    segments = tuple(
        TranscribedSegment(
            str(one["text"]),
            float(one["start"]),
            float(one["end"]),
            tuple(TimedMark(str(text), float(start), float(end)) for text, start, end in one["words"]),
            str(one["doubt"]),
        )
        for one in data["segments"]
    )
    words = tuple(word for one in segments for word in one.words)
    return Transcript(str(data["text"]), str(data["language"]), words, segments)


def end_to_end(parts: Sequence[tuple[float, Transcript]], language: str, duration: float) -> Transcript:
    """Join the transcripts of parts, each with its start in seconds, to one of the whole; no time exceeds the length of the
    whole."""
    last = whole_milliseconds(duration) / 1000
    return transcript_of([_moved(one, start, last) for start, part in parts for one in part.segments], language)


def _moved(segment: TranscribedSegment, seconds: float, last: float) -> TranscribedSegment:
    def at(time: float) -> float:
        return min(round(time + seconds, 3), last)

    words = tuple(TimedMark(word.text, at(word.start), at(word.end)) for word in segment.words)
    return TranscribedSegment(segment.text, at(segment.start), at(segment.end), words, segment.doubt)
