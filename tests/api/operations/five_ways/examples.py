"""The examples of the reference with real things in place of their words in capitals, made as they are needed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import soundfile

from capabilities.conversation.account.accounts import ConversationAccounts
from capabilities.conversation.account.model import Partners, TurnSpeaker
from media.audio.decode import decode_audio
from media.audio.resample import resample
from media.video.images import read_image
from tests.api.operations.five_ways.ways import OpenStudio
from tests.engines.swap.conftest import write_clip
from tests.repository.sources import ROOT
from tests.servers import long_script, wait_until
from tests.studio.comfyui.graphs import picture

CLIP = ROOT / "assets" / "voices" / "LJ001-0001.wav"
PORTRAIT = ROOT / "assets" / "portraits" / "astronaut.png"
OLLAMA = "http://127.0.0.1:11434"
LINES = "The first one stays, because it is long enough to catch how somebody speaks. The second one goes."


class Things:
    """What examples name. Each is made anew where a call changes it."""

    def __init__(self, studio: OpenStudio, folder: Path) -> None:
        self._studio, self._folder = studio, folder
        self._numbers = itertools.count(1)
        self._long: list[str] = []
        self._language_server: str = self.call("language").url

    def arguments(self, example: dict[str, Any]) -> dict[str, Any]:
        """The example's arguments: its words in capitals replaced, its files as paths, its names made unique."""
        number = next(self._numbers)
        given = {name: self._value(value) for name, value in example.items()}
        for name in ("name", "title"):
            if name in given:
                given[name] = f"{given[name]} {number}"
        return given

    def _value(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value == OLLAMA:
            return self._language_server
        if value.startswith("@"):
            found: Path = getattr(self, f"file_{value[1:].lower()}")
            return found
        make: Callable[[], str] | None = getattr(self, f"made_{value.lower()}", None) if value.isupper() else None
        return value if make is None else make()

    def call(self, operation: str, /, **arguments: Any) -> Any:
        return self._studio.operations.call(operation, arguments)

    def done(self, script: str) -> Any:
        job = self.call("submit", kind="voiceover", spec={"script": script, "voice": "hibari/heart"})
        wait_until(lambda: self.call("job", job_id=job.id).state == "done", 90)
        return self.call("job", job_id=job.id)

    # Words in capitals

    @cached_property
    def file_document(self) -> Path:
        path = self._folder / "book.md"
        path.write_text("# One\n\nWords of a book.\n\n# Two\n\nMore of them.\n", "utf-8")
        return path

    @cached_property
    def _narration(self) -> Any:
        return self.done(LINES)

    def made_job(self) -> str:
        return str(self._narration.id)

    def made_narration(self) -> str:
        return self.made_job()

    def made_segment(self) -> str:
        return str(self.call("segments", job_id=self.made_job())[0].id)

    def made_ended(self) -> str:
        return str(self.done(f"Short, number {next(self._numbers)}.").id)

    def made_output(self) -> str:
        return Path(self.done(f"An output, number {next(self._numbers)}.").outputs[0].path).name

    def made_voice(self) -> str:
        return str(self.call("save_voice", name=f"Voice {next(self._numbers)}", audio=self._studio.upload(CLIP)).name)

    def made_entry(self) -> str:
        """An entry of the pronunciation list that was deleted before, and is there again."""
        made = self.call("set_pronunciation", word=f"word {next(self._numbers)}", saying="said").id
        self.call("delete_pronunciation", entry=made)
        return str(self.call("restore_pronunciation", entry=made).id)

    def made_deleted(self) -> str:
        made = self.call("set_pronunciation", word=f"word {next(self._numbers)}", saying="said").id
        return str(self.call("delete_pronunciation", entry=made).id)

    def made_conversation(self) -> str:
        return self._conversation

    @cached_property
    def _conversation(self) -> str:
        return self.made_oldconversation()

    def made_oldconversation(self) -> str:
        """One with a question of the person's and an answer that was cut, with the sound of both."""
        accounts = ConversationAccounts(self._studio.data / "conversations")
        recorder = accounts.begin(f"Talk {next(self._numbers)}", Partners(voice="hibari/heart", voice_engine="hibari"))
        recorder.turn_began("u1", TurnSpeaker.PERSON, 0.0)
        recorder.text("u1", "Does the tide come twice a day?")
        recorder.turn_over("u1", 1.0)
        sound = resample(decode_audio(CLIP), 24_000).slice(0, 4).samples
        recorder.turn_began("a1", TurnSpeaker.STUDIO, 1.5, speech_end=1.0)
        recorder.text("a1", "It comes twice, and it goes twice.")
        recorder.sound(TurnSpeaker.STUDIO, (sound * 32_767).astype("<i2").tobytes(), 1.5)
        recorder.heard("a1", [("It", 1.6, 1.9), ("comes", 1.9, 2.3), ("twice,", 2.3, 3.0)])
        recorder.turn_over("a1", 5.5, cut=True)
        recorder.close(6.0)
        return recorder.id

    def made_deletedconversation(self) -> str:
        return str(self.call("delete_conversation", conversation=self.made_oldconversation()).id)

    def made_project(self) -> str:
        return self._project

    @cached_property
    def _project(self) -> str:
        return self.made_oldproject()

    def made_snapshot(self) -> str:
        return str(self.call("keep_snapshot", project=self.made_project(), name="Then").id)

    def made_oldproject(self) -> str:
        """One whose film is made at once: nothing is said, and one small picture is seen."""
        scenes = [{"shots": [{"see": "hills", "seconds": 0.4}]}]
        return str(self.call("make_project", document={"title": "Hills", "look": {"height": 96}, "scenes": scenes}).id)

    def made_owntemplate(self) -> str:
        made = self.call("import_template", workflow=self._studio.upload(self.file_workflow), title=f"Own {next(self._numbers)}")
        return str(made.id)

    def made_queued(self) -> str:
        """The last of so many long ones that it waits."""
        self.stop_waiting()
        specs = [{"script": long_script(), "title": f"Waits {number}"} for number in range(5)]
        self._long = [self.call("submit", kind="voiceover", spec=spec).id for spec in specs]
        return str(self._long[-1])

    def stop_waiting(self) -> None:
        for job in self._long:
            self.call("cancel", job_id=job)
        self._long = []

    # Files

    file_clip = CLIP
    file_portrait = PORTRAIT
    file_picture = PORTRAIT

    @cached_property
    def file_speech(self) -> Path:
        path = self._folder / "speech.wav"
        soundfile.write(path, *soundfile.read(CLIP, frames=33_000))
        return path

    @cached_property
    def file_film(self) -> Path:
        face = read_image(PORTRAIT)[20:260, 100:340]
        return write_clip(self._folder / "film.mp4", [face] * 10, sound=True)

    @cached_property
    def file_voicefile(self) -> Path:
        return Path(self.call("export_voice", voice=self.made_voice()).path)

    @cached_property
    def file_table(self) -> Path:
        path = self._folder / "words.csv"
        path.write_text("word,saying\ngif,jiff\n", "utf-8")
        return path

    @cached_property
    def file_project(self) -> Path:
        return Path(self.call("export_project", project=self.made_oldproject()).path)

    @cached_property
    def file_timeline(self) -> Path:
        return Path(self.call("export_project", project=self.made_project(), format="otio").path)

    @cached_property
    def file_workflow(self) -> Path:
        path = self._folder / "inverted.json"
        path.write_text(json.dumps(picture("x.png")))
        return path
