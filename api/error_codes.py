"""Which errors a call may end with: names of codes, put together by what the call does.

A name is a code of the catalogues, such as "voice.unknown", or a whole area of them, such as "voice.*".
"""

from __future__ import annotations

from collections.abc import Iterable

from media.messages import catalogue

EVERY_CALL = ("input.*", "call.*", "storage.*", "studio.*", "work.*", "upload.*")
"""Of every call: wrong arguments, a full disk, a studio that is closing, an error that nobody foresaw."""

FILES = ("file.*", "library.*", "media.*", "sound.*", "picture.*", "video.*", "subtitles.*")
LOADING = ("engine.*", "worker.*", "wire.*", "memory.*", "gpu-lock.*", "environment.*", "weights.*")
JOBS = ("job.*", "jobs.*")
VOICES = ("voice.*", "voice-file.*", "transcription.*")
WORKFLOWS = ("template.*", "workflow.*", "comfyui.*")
LANGUAGE = ("language.*", "llm.*", "rewriting.*", *LOADING)
PRONUNCIATIONS = ("pronunciation.*", *VOICES, *FILES)
CHECKS = ("verification.*", "follower.*", "speaker.*", "whisper.*", "pocketsphinx.*")
"""Of the check of takes, and of writing down speech."""

_WORKING = (*JOBS, *FILES, *LOADING, "disk.*", "render.*", "language.*", "llm.*")
SPEAKING = (
    *_WORKING, *VOICES, *CHECKS, "script.*", "rehearsal.*", "rewriting.*", "pronunciation.*", "narration.*", "speech.*",
    "english.*", "espeak.*", "f5.*", "fish.*", "kokoro.*", "mms.*", "speecht5.*", "vibevoice.*", "voxcpm.*",
)  # fmt: skip
TRANSCRIBING = (*_WORKING, *VOICES, *CHECKS)
FACES = ("face.*", "analysis.*", "lipsync.*", "portrait.*", "musetalk.*")
FILMING = (*SPEAKING, "clip.*", "animatic.*", "wan.*", "lora.*")
SWAPPING = (*_WORKING, *FACES, *WORKFLOWS, "swap.*")
UPSCALING = (*_WORKING, "upscaling.*")
ANY_WORK = tuple(dict.fromkeys((*FILMING, *FACES, *SWAPPING, *UPSCALING, *TRANSCRIBING, "audiobook.*", "setup.*")))
"""Of calls that take any kind of job."""

OF_NO_CALL = frozenset({"form", "openai", "page", "request", "settings", "start", "system", "talk"})
"""Areas of errors that no call ends with: of the page, the start, talks, the routes in the form of OpenAI's, of requests that are
refused before the call is known, and causes that stand within other sentences ("system")."""

OF_OTHER_MESSAGES = frozenset({"readiness", "recording", "requirement", "step", "system"})
"""Areas of messages that stand only within others: what an engine or a template lacks, a clip shows, the system
refuses, and the next step."""


def covered(code: str, names: Iterable[str]) -> bool:
    """Whether one of the names is this code or its area."""
    area = f"{code.partition('.')[0]}.*"
    return any(name in (code, area) for name in names)


def areas() -> set[str]:
    """The areas of all catalogues."""
    return {code.partition(".")[0] for code in catalogue.codes()}
