"""The endpoints of voices and outputs: list, save, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from api.operations.endpoint import endpoint
from api.operations.uploads import uploaded_file
from capabilities.transcription.voice_transcript import submit_transcript_job
from engines.contract import Engine, PresetVoice
from studio.errors import InvalidInput
from studio.library.copies import terms_of_file
from studio.services import Services
from studio.voices.preview import VoicePreviews


class LibraryOperations:
    """What is kept in the studio: voices and finished outputs."""

    _studio: Services
    _auditions: VoicePreviews
    _incoming: tuple[Path, Path]

    # Voices

    @endpoint
    def voices(self) -> list[dict[str, Any]]:
        """Saved voices, the samples that ship with the studio, and the preset voices of every ready engine.

        A preset voice has "preset": true and the name "engine/preset"; each name can be given as `voice` to /voiceover.
        """
        saved = [{**voice.as_dict(), "preset": False} for voice in self._studio.voices.list()]
        return saved + [_preset(engine, preset) for engine, preset in self._auditions.presets()]

    @endpoint
    def save_voice(
        self,
        name: str,
        audio: gr.FileData,
        transcript: str = "",
        tags: list[str] = [],
        consent: str = "",
    ) -> dict[str, Any]:
        """Save a voice from a clip of 3 to 30 seconds of one person speaking.

        Args:
            name: what to call it; unique.
            audio: the clip, in any common audio or video format.
            transcript: the words that are said in it, when known.
            tags: words to find it by.
            consent: who agreed to the use of this voice, how and when.
        """
        clip = uploaded_file(audio, "audio", self._incoming)
        terms = terms_of_file(self._studio.library, clip)
        voice = self._studio.voices.add(name, clip, transcript=transcript, tags=tuple(tags), consent=consent, terms=terms)
        submit_transcript_job(self._studio.jobs, voice)
        return voice.as_dict()

    @endpoint
    def delete_voice(self, voice: str) -> dict[str, Any]:
        """Delete a saved voice and its files.

        Args:
            voice: its name.
        """
        return self._studio.voices.delete(voice).as_dict()

    @endpoint
    def voice_sample(self, voice: str) -> gr.FileData:
        """How a voice sounds: a saved voice's recording, or a preset voice saying a line.

        Args:
            voice: its name as /voices lists it.
        """
        return file_data(self._auditions.clip(voice))

    # Outputs

    @endpoint
    def outputs(self, limit: int = 50) -> list[dict[str, Any]]:
        """Results in the library, newest first.

        Args:
            limit: at most so many, 1 to 1000.
        """
        return [output.as_dict() for output in self._studio.library.list(limit=checked_limit(limit))]

    @endpoint
    def delete_output(self, output: str) -> dict[str, Any]:
        """Delete a result and its files.

        Args:
            output: its id as /outputs lists it.
        """
        found = self._studio.library.get(output)
        self._studio.library.delete(found.id)
        return found.as_dict()


def file_data(path: Path) -> gr.FileData:
    """A file of the studio as an endpoint returns it."""
    return gr.FileData(path=str(path), orig_name=path.name)


def _preset(engine: type[Engine], preset: PresetVoice) -> dict[str, Any]:
    name = f"{engine.card.id}/{preset.id}"
    return {
        "id": name,
        "name": name,
        "title": preset.title,
        "language": preset.language,
        "gender": preset.gender,
        "engine": engine.card.id,
        "preset": True,
    }


def checked_limit(limit: int) -> int:
    """
    Raises:
        InvalidInput: not 1 to 1000.
    """
    if not 1 <= limit <= 1000:
        raise InvalidInput("call.limit-wrong", limit=limit, most=1000)
    return limit
