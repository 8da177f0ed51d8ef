"""Speech for OpenAI's API: a complete file, or a stream of sentences as they are rendered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.openai.errors import WrongParameter
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.segments import SegmentState
from capabilities.voiceover.spec import VoiceoverSpec
from engines.contract import EngineKind
from media.audio.audio import Audio, silence
from media.audio.decode import decode_audio
from media.audio.encode import AUDIO_FORMATS
from media.audio.streaming import STREAMED_FORMATS, streamed
from studio.errors import GreenroomError, NotFound
from studio.jobs.model import Job, JobState
from studio.services import Services

LONGEST_INPUT = 100_000
FORMATS = {"mp3": "mp3", "opus": "opus", "aac": "m4a", "flac": "flac", "wav": "wav", "pcm": "wav"}
"""The rendered format for each response format; AAC is sent as an M4A file, PCM is taken from a WAV."""

DEFAULT_VOICES = frozenset({"", "auto", "default"})
OPENAI_VOICES = frozenset({
    "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse", "marin", "cedar",
})  # fmt: skip
VOICES_NAMED = 6
POLL_SECONDS = 0.25


class SpeechCall(BaseModel):
    """The body of a call. With `stream_format` the answer is streamed; see docs/guides/transcription.md."""

    model_config = ConfigDict(extra="ignore")

    input: str = Field(min_length=1, max_length=LONGEST_INPUT)
    model: str = "auto"
    voice: str = ""
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0)
    stream_format: Literal["audio"] | None = None


class OpenAISpeechAdapter:
    """Converts calls into narration jobs and their results into bytes."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._narrations = studio.capability(Voiceover)

    def spec(self, call: SpeechCall, engine: str) -> dict[str, Any]:
        """Return the spec of the narration for a call.

        Raises:
            GreenroomError: as a narration's `prepare`; WrongParameter for a speed that the engine cannot do.
        """
        voice = "" if call.voice in DEFAULT_VOICES else call.voice
        spec: dict[str, Any] = {"script": call.input, "voice": voice, "engine": engine, "format": FORMATS[call.response_format]}
        if call.speed != 1.0:
            prepared = self._narrations.prepare(VoiceoverSpec(**spec))
            spec |= {"engine": prepared.engine, "voice": prepared.voice, "options": self._at_speed(prepared.engine, call.speed)}
        return spec

    @contextmanager
    def own_voices_named(self, call: SpeechCall, engine: str) -> Iterator[None]:
        """Refuse OpenAI's voice names with an error that lists voices of this studio.

        Raises:
            WrongParameter: the voice is one of OpenAI's, and no saved voice has that name.
        """
        try:
            yield
        except NotFound as error:
            if call.voice.lower() not in OPENAI_VOICES:
                raise
            raise WrongParameter(
                "openai.voice-elsewhere", param="voice", openai_code="voice_not_found", status=404,
                problem=error.message, voices=self._some_voices(engine),
            ) from None  # fmt: skip

    def _some_voices(self, engine: str) -> str:
        rows = [row for row in self._studio.engines.statuses(EngineKind.SPEECH) if row.ready]
        named = [row for row in rows if row.card.id == engine] or rows
        saved = [voice.name for voice in self._studio.voices.list()]
        presets = [f"{row.card.id}/{preset.id}" for row in named for preset in row.preset_voices()[:3]]
        return ", ".join(("auto", *saved[:VOICES_NAMED], *presets[:VOICES_NAMED]))

    def _at_speed(self, engine_id: str, speed: float) -> dict[str, float]:
        """Return the engine's option for the speed, as a multiple of its default."""
        options = self._studio.catalog.get(engine_id).Options
        field = options.model_json_schema()["properties"].get("speed")
        if field is None:
            raise WrongParameter("openai.speed-fixed", param="speed", engine=engine_id)
        wanted = field["default"] * speed
        low, high = field.get("minimum", wanted), field.get("maximum", wanted)
        if not low <= wanted <= high:
            slowest, fastest = (float(f"{limit / field['default']:.2g}") for limit in (low, high))
            raise WrongParameter(
                "openai.speed-out-of-range", param="speed", engine=engine_id, speed=speed, slowest=slowest, fastest=fastest
            )
        return {"speed": round(wanted) if field["type"] == "integer" else wanted}

    def finished(self, job: Job, call: SpeechCall) -> tuple[Path | Iterator[bytes], str]:
        """Return the finished narration in the requested format, as a file or as bytes, and its media type."""
        sound = next((Path(output.path) for output in job.outputs if output.kind == "audio"), None)
        if sound is None:
            raise NotFound("job.no-sound", job=job.id)
        if call.response_format == "pcm":
            return streamed([decode_audio(sound)], "pcm"), STREAMED_FORMATS["pcm"]
        return sound, AUDIO_FORMATS[FORMATS[call.response_format]].mime

    def stream(self, call: SpeechCall, engine: str) -> tuple[Iterator[bytes], str]:
        """Return an iterator over the sentences as bytes, and their media type. Returns after the first sentence, so that a
        failure before it is answered as an error.

        Raises:
            WrongParameter: a format that cannot be streamed. GreenroomError: the job could not render its first sentence.
        """
        if call.response_format not in STREAMED_FORMATS:
            raise WrongParameter(
                "openai.format-not-streamed", param="response_format", format=call.response_format, streamed=STREAMED_FORMATS
            )
        job = self._studio.jobs.submit("voiceover", self.spec(call, engine))
        pieces = self._pieces(job)
        first = next(pieces)
        return streamed(chain([first], pieces), call.response_format), STREAMED_FORMATS[call.response_format]

    def _pieces(self, job: Job) -> Iterator[Audio]:
        """Yield the job's sentences in order as they are rendered, with the pauses between them."""
        given = 0
        while True:
            job = self._studio.jobs.get(job.id)
            views = self._narrations.segments_of(job)
            while given < len(views) and views[given].state is not SegmentState.MISSING:
                path = views[given].path
                if path is None:  # it could not be spoken
                    given += 1
                    continue
                audio = decode_audio(path).mono()
                if given and views[given].pause_before:
                    yield silence(views[given].pause_before, audio.rate)
                yield audio
                given += 1
            if given == len(views):
                return
            if job.error is not None:
                raise job.error.raised()
            if job.state in (JobState.CANCELLED, JobState.DONE):
                raise GreenroomError("job.ended-early", retryable=True)
            self._studio.jobs.wait_for_change(self._studio.jobs.change_counter(), POLL_SECONDS)
