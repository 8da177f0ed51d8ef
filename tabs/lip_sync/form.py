"""The form of the Lip-sync tab: face, speech, engine, and the conversion of their values into a job's spec."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from capabilities.common.face_spec import rank_of
from capabilities.common.render_engines import RenderEngineSelector, animates_videos
from engines.contract import EngineKind
from media.video.images import is_image
from studio.changes.stamps import Topic
from studio.errors import GreenroomError
from studio.services import Services
from tabs.common.counts import note
from tabs.common.faces.sample_pictures import SamplePictures
from tabs.common.html import html_piece
from tabs.common.kept_form import named_options
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.lists.voice_choices import (
    AUTO,
    NOT_READY,
    Choices,
    count_told,
    live_update,
    renamed_or_same,
    voice_choices,
    with_chosen,
)
from tabs.common.option_controls import OptionControls, all_components, build_controls, chosen_options, restored_values
from tabs.common.sources import LIBRARY
from tabs.common.texts.new_texts import build_earlier
from tabs.common.wiring import Updates, Values
from tabs.lip_sync.driving_input import VIDEO, DrivingInput
from tabs.lip_sync.library_inputs import JobSource, output_choices, source_of

SPEAK, PERFORM = "A face speaks", "Animate a portrait"
PICTURE = "Picture"
TEXT, RECORDING = "Text", "Recording"
EXAMPLE = "Good evening. I have waited a long time to say something, and now I hardly know where to begin."


class LipSyncForm:
    """Draws the components; `inputs` and `spec` belong together."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.mode = gr.Radio([SPEAK, PERFORM], value=SPEAK, show_label=False, elem_id="face-mode", container=False)
        with gr.Row():
            with gr.Column(min_width=260):
                self._build_face()
            with gr.Column(min_width=260) as self.speech_column:
                self._build_speech()
            with gr.Column(min_width=260, visible=False) as self.driving_column:
                self.driving = DrivingInput(studio)
        with gr.Row():
            self.engine = LiveDropdown(self.engine_choices("lip_sync"), value=AUTO, label="Engine", elem_id="face-engine")
            self.face_number = gr.Number(
                1,
                label="Which face",
                info="1 is the largest; or click on a face in the picture.",
                precision=0,
                minimum=1,
                maximum=64,
            )
        able = [engine for engine in studio.catalog.of(EngineKind.FACES) if engine.Options.model_fields]
        now = self.meant(AUTO, SPEAK)
        self.options: list[OptionControls] = [
            build_controls(engine, visible=engine.card.id == now, method="lip_sync") for engine in able
        ]
        with gr.Accordion("Picture and file", open=False), gr.Row():
            shown: dict[str, Any] = {"min_width": 160, "interactive": True}
            self.fps = gr.Dropdown([24, 25, 30, 50, 60], value=25, label="Pictures a second (of a still)", **shown)
            self.quality = gr.Slider(40, 100, 80, step=5, label="Quality", **shown)
            self.length = gr.Dropdown(
                [("as long as the sound", "sound"), ("as long as the video", "picture")], value="sound", label="Length", **shown
            )

    def _build_face(self) -> None:
        self.face_from = gr.Radio([PICTURE, VIDEO, LIBRARY], value=PICTURE, label="Face", elem_id="face-from")
        self.point = gr.State(None)
        self.picture = gr.Image(
            label="Picture", type="filepath", image_mode=None, sources=["upload", "webcam"], elem_id="face-picture", height=300
        )
        self.video = gr.Video(label="Video", sources=["upload", "webcam"], visible=False, elem_id="face-video", height=300)
        self.face_output = LiveDropdown(
            output_choices(self._studio, "video", "image"), label="From the library", visible=False, elem_id="face-output"
        )
        self.clicked = html_piece(elem_id="face-clicked", live=True)
        self.first = gr.Image(
            label="Click on the face that is meant", type="filepath", interactive=False, visible=False, elem_id="face-first",
            height=220,
        )  # fmt: skip
        self.samples = SamplePictures(self._studio.site.assets, elem_id="face-samples")

    def _build_speech(self) -> None:
        self.speech_from = gr.Radio([TEXT, RECORDING, LIBRARY], value=TEXT, label="Speech", elem_id="speech-from")
        with gr.Column(elem_classes="flush") as self.text_group:
            self.text = gr.Textbox(EXAMPLE, label="What to say", lines=5, elem_id="face-text")
            build_earlier("face-text")
            voices = self.voice_choices()
            self.voice = LiveDropdown(voices, value="", label="Voice", elem_id="face-voice", info=count_told(voices))
        with gr.Column(elem_classes="flush", visible=False) as self.recording_group:
            self.recording = gr.Audio(sources=["upload", "microphone"], type="filepath", label="Recording", elem_id="face-audio")
            self.transcript = gr.Textbox(label="What is said in it", info="If you know it; helps with English.", lines=2)
        self.audio_output = LiveDropdown(
            output_choices(self._studio, "audio"), label="A finished voiceover", visible=False, elem_id="audio-output"
        )

    @property
    def inputs(self) -> set[Any]:
        """The components that `spec` reads and `restored` sets."""
        return {
            self.mode, self.face_from, self.picture, self.video, self.face_output, self.point, self.face_number,
            self.speech_from, self.text, self.voice, self.recording, self.transcript, self.audio_output,
            *self.driving.named.values(), self.engine, self.fps, self.quality, self.length, *all_components(self.options),
        }  # fmt: skip

    @property
    def shown(self) -> set[Any]:
        """The visible components of `inputs`."""
        return self.inputs - {self.point}

    @property
    def kept(self) -> dict[str, Any]:
        """The components whose values the browser keeps, by fixed names; texts.js keeps the text."""
        names = ("mode", "face_from", "picture", "video", "face_output", "face_number", "speech_from", "voice", "recording",
                 "transcript", "audio_output", "engine", "fps", "quality", "length")  # fmt: skip
        return {**{name: getattr(self, name) for name in names}, **self.driving.named, **named_options(self.options)}

    def spec(self, values: Values) -> tuple[str, dict[str, Any]]:
        """Return the kind of job and its fields from the values of `inputs`."""
        x, y = values[self.point] or (-1.0, -1.0)
        engine, mode = values[self.engine], values[self.mode]
        shared = {
            "engine": engine, "face_number": int(values[self.face_number] or 1), "face_x": x, "face_y": y,
            "quality": int(values[self.quality]), "options": chosen_options(self.options, self.meant(engine, mode), values),
        }  # fmt: skip
        if mode == PERFORM:
            return "animate_portrait", {**self._performance(values), **shared}
        face = {PICTURE: self.picture, VIDEO: self.video, LIBRARY: self.face_output}[values[self.face_from]]
        shown = {"face": values[face] or "", "fps": float(values[self.fps]), "length": values[self.length]}
        return "lip_sync", {**shown, **shared, **self._speech(values)}

    def seen(self, values: Values) -> Path | None:
        """Return the file whose face is chosen in the form, None without one."""
        place = {PICTURE: self.picture, VIDEO: self.video}.get(values[self.face_from])
        if place is not None:
            return Path(values[place]) if values[place] else None
        try:
            return self._studio.library.get(values[self.face_output] or "").path
        except GreenroomError:
            return None

    def _performance(self, values: Values) -> dict[str, Any]:
        portrait = {LIBRARY: self.face_output, VIDEO: self.video}.get(values[self.face_from], self.picture)
        return {"portrait": values[portrait] or "", **self.driving.spec(values)}

    def _speech(self, values: Values) -> dict[str, Any]:
        if values[self.speech_from] == TEXT:
            return {"text": values[self.text] or "", "voice": values[self.voice] or ""}
        if values[self.speech_from] == RECORDING:
            return {"audio": values[self.recording] or "", "transcript": values[self.transcript] or ""}
        return {"audio": values[self.audio_output] or ""}

    def restored(self, kind: str, spec: Mapping[str, Any]) -> Updates:
        """Return updates for `clicked` and `inputs` that restore an earlier job's fields. Files that no longer exist are not
        restored."""
        speaks = kind != "animate_portrait"
        point = (spec.get("face_x", -1.0), spec.get("face_y", -1.0))
        picked = point if min(point) >= 0 else None
        shared = {
            self.mode: SPEAK if speaks else PERFORM,
            self.clicked: note("The face that was clicked on is meant.") if picked else "",
            self.point: picked,
            self.face_number: rank_of(spec.get("face_number", 0), spec.get("face_index", 0)) + 1,
            self.engine: gr.update(
                choices=self.engine_choices("lip_sync" if speaks else "animate"), value=spec.get("engine", AUTO)
            ),
            self.fps: spec.get("fps", 25),
            self.quality: spec.get("quality", 80),
            self.length: spec.get("length", "sound"),
            **restored_values(self.options, spec.get("engine", AUTO), spec.get("options", {})),
        }
        own = self._restored_speech(spec) if speaks else self.driving.restored(spec)
        return {**shared, **self._restored_face(source_of(self._studio, spec.get("face" if speaks else "portrait", ""))), **own}

    def _restored_face(self, face: JobSource) -> Updates:
        still = bool(face.file) and is_image(Path(face.file))
        updates: Updates = {self.face_from: LIBRARY if face.output else PICTURE if still or not face.file else VIDEO}
        if face.file:
            updates[self.picture if still else self.video] = face.file
        if face.output:
            updates[self.face_output] = gr.update(choices=output_choices(self._studio, "video", "image"), value=face.output)
        return updates

    def _restored_speech(self, spec: Mapping[str, Any]) -> Updates:
        sound = source_of(self._studio, spec.get("audio", ""))
        updates: Updates = {
            self.speech_from: TEXT if spec.get("text") else LIBRARY if sound.output else RECORDING,
            self.voice: self.voice_update(spec.get("voice", "")),
            self.transcript: spec.get("transcript", ""),
        }
        if sound.file:
            updates[self.recording] = sound.file
        if sound.output:
            updates[self.audio_output] = gr.update(choices=output_choices(self._studio, "audio"), value=sound.output)
        return updates

    def receive_face(self, output: str) -> Updates:
        """Return updates that use a video or picture of the library as the face."""
        chosen = gr.update(choices=output_choices(self._studio, "video", "image"), value=output, visible=True)
        return {self.mode: SPEAK, self.face_from: LIBRARY, self.face_output: chosen}

    def receive_speech(self, output: str) -> Updates:
        """Return updates that use a finished voiceover as the speech."""
        hidden = gr.update(visible=False)
        chosen = gr.update(choices=output_choices(self._studio, "audio"), value=output, visible=True)
        return {
            self.mode: SPEAK, self.speech_from: LIBRARY, self.audio_output: chosen, self.text_group: hidden,
            self.recording_group: hidden,
        }  # fmt: skip

    def meant(self, engine: str, mode: str) -> str:
        """Return the chosen engine, or the one that "auto" selects now; "" if none is ready."""
        if engine != AUTO:
            return engine
        method = "animate" if mode == PERFORM else "lip_sync"
        try:
            return RenderEngineSelector(self._studio.catalog, self._studio.site).choose(AUTO, method).card.id
        except GreenroomError:
            return ""

    def places(self, mode: str) -> list[str]:
        """Return where the face can come from: a portrait is a video only where an engine that animates videos is ready."""
        ready = (self._studio.catalog.get(row.card.id) for row in self._studio.engines.statuses(EngineKind.FACES) if row.ready)
        return [PICTURE, VIDEO, LIBRARY] if mode == SPEAK or any(map(animates_videos, ready)) else [PICTURE, LIBRARY]

    def engine_choices(self, method: str) -> list[tuple[str, str]]:
        rows = self._studio.engines.statuses(EngineKind.FACES)
        able = [row for row in rows if callable(getattr(self._studio.catalog.get(row.card.id), method, None))]
        return [
            ("Automatic", AUTO),
            *((row.card.title if row.ready else f"{row.card.title} · {NOT_READY}", row.card.id) for row in able),
        ]

    def voice_choices(self, chosen: str = "") -> Choices:
        return voice_choices(self._studio, "Automatic: the clearest for the text", chosen=chosen)

    def voice_update(self, voice: str) -> Any:
        """Return an update with the present list of voices, with `voice` chosen."""
        voice = renamed_or_same(self._studio, voice)
        return gr.update(choices=self.voice_choices(voice), value=voice)

    def _voice_now(self, held: str | None) -> Any:
        voice = renamed_or_same(self._studio, held or "")
        return live_update(self.voice_choices(voice), held, voice)

    @property
    def live(self) -> list[LiveList]:
        """The lists of this form."""
        outputs = (self.face_output, self.driving.driving_output, self.audio_output)

        def kept(values: Values) -> Updates:
            return {one: self.output_update(one, values[self.mode], values[one]) for one in outputs}

        def engines(values: Values) -> Updates:
            method = "animate" if values[self.mode] == PERFORM else "lip_sync"
            return {self.engine: gr.update(choices=self.engine_choices(method))}

        return [
            LiveList((Topic.VOICES, Topic.ENGINES), (self.voice,), (self.voice,),
                     lambda values: {self.voice: self._voice_now(values[self.voice])}),
            LiveList((Topic.OUTPUTS,), (self.mode, *outputs), outputs, kept),
            LiveList((Topic.ENGINES,), (self.mode,), (self.engine,), engines),
        ]  # fmt: skip

    def output_update(self, place: Any, mode: str, chosen: str | None) -> Any:
        """Return an update of one of the lists of outputs. A chosen output that no longer exists stays in it, marked."""
        faces = ("video", "image") if VIDEO in self.places(mode) else ("image",)
        kinds = {self.face_output: faces, self.audio_output: ("audio",), self.driving.driving_output: ("video",)}[place]
        return gr.update(choices=with_chosen(self._studio, output_choices(self._studio, *kinds), chosen))
