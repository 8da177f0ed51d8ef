"""The form of the Lip-sync tab: a face, something to say, an engine, and a job's spec out of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from capabilities.common.render_engines import RenderEngineSelector
from engines.contract import EngineKind
from media.video.images import is_image
from studio.errors import GreenroomError
from studio.services import Services
from tabs.common.html import about, html_piece, piece
from tabs.common.option_controls import OptionControls, all_components, build_controls, chosen_options, restored_values
from tabs.common.sample_pictures import SamplePictures

SPEAK, PERFORM = "A face speaks", "Animate a portrait"
PICTURE, VIDEO, LIBRARY = "Picture", "Video", "Library"
TEXT, RECORDING = "Text", "Recording"
AUTO = "auto"
LISTED: dict[str, Any] = {"allow_custom_value": True}
"""Lists that grow while the page is open: the studio checks what is chosen, against what there is by then."""
EXAMPLE = "Good evening. I have waited a long time to say something, and now I hardly know where to begin."


@dataclass(frozen=True)
class _Source:
    output: str = ""
    file: str = ""

    def chosen(self, choices: list[tuple[str, str]]) -> Any:
        return gr.update(choices=choices, value=self.output) if self.output else gr.skip()


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
                self._build_driving()
        with gr.Row():
            self.engine = gr.Dropdown(self.engine_choices("lip_sync"), value=AUTO, label="Engine", elem_id="face-engine")
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
            label="Picture", type="filepath", sources=["upload", "webcam"], elem_id="face-picture", height=300
        )
        self.samples = SamplePictures(self._studio.site.assets, elem_id="face-samples")
        self.video = gr.Video(label="Video", sources=["upload", "webcam"], visible=False, elem_id="face-video", height=300)
        self.face_output = gr.Dropdown(
            self.output_choices("video", "image"), label="From the library", visible=False, elem_id="face-output", **LISTED
        )
        self.first = gr.Image(
            label="Click on the face that is meant", type="filepath", interactive=False, visible=False, elem_id="face-first",
            height=220,
        )  # fmt: skip
        self.clicked = html_piece(elem_id="face-clicked", live=True)

    def _build_driving(self) -> None:
        self.driving_from = gr.Radio([VIDEO, LIBRARY], value=VIDEO, label="Driving video", elem_id="driving-from")
        self.driving = gr.Video(label="Video", sources=["upload", "webcam"], elem_id="driving", height=300)
        self.driving_output = gr.Dropdown(
            self.output_choices("video"), label="From the library", visible=False, elem_id="driving-output", **LISTED
        )
        self.driving_face = gr.Number(
            1, label="Which face leads", info="1 is the largest of the first picture.", precision=0, minimum=1, maximum=64
        )

    def _build_speech(self) -> None:
        self.speech_from = gr.Radio([TEXT, RECORDING, LIBRARY], value=TEXT, label="Speech", elem_id="speech-from")
        with gr.Column(elem_classes="flush") as self.text_group:
            self.text = gr.Textbox(EXAMPLE, label="What to say", lines=5, elem_id="face-text")
            self.voice = gr.Dropdown(self.voice_choices(), value="", label="Voice", elem_id="face-voice", **LISTED)
        with gr.Column(elem_classes="flush", visible=False) as self.recording_group:
            self.recording = gr.Audio(sources=["upload", "microphone"], type="filepath", label="Recording", elem_id="face-audio")
            self.transcript = gr.Textbox(label="What is said in it", info="If you know it; helps with English.", lines=2)
        self.audio_output = gr.Dropdown(
            self.output_choices("audio"), label="A finished voiceover", visible=False, elem_id="audio-output", **LISTED
        )

    @property
    def inputs(self) -> list[Any]:
        return [
            self.mode, self.face_from, self.picture, self.video, self.face_output, self.point, self.face_number,
            self.speech_from, self.text, self.voice, self.recording, self.transcript, self.audio_output,
            self.driving_from, self.driving, self.driving_output, self.driving_face,
            self.engine, self.fps, self.quality, self.length, *all_components(self.options),
        ]  # fmt: skip

    def spec(self, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
        """The kind of job and its fields from the values of `inputs`."""
        (mode, face_from, picture, video, face_output, point, number, speech_from, text, voice, recording, transcript,
         audio_output, led_from, driving, driving_output, leader, engine, fps, quality, length, *options) = values  # fmt: skip
        x, y = point or (-1.0, -1.0)
        shared = {
            "engine": engine, "face_index": int(number or 1) - 1, "face_x": x, "face_y": y, "quality": int(quality),
            "options": chosen_options(self.options, self.meant(engine, mode), options),
        }  # fmt: skip
        if mode == PERFORM:
            portrait = face_output if face_from == LIBRARY else picture
            led_by = driving_output if led_from == LIBRARY else driving
            given = {"portrait": portrait or "", "driving_video": led_by or "", "driving_face": int(leader or 1) - 1}
            return "animate_portrait", {**given, **shared}
        face = {PICTURE: picture, VIDEO: video, LIBRARY: face_output}[face_from] or ""
        spec = {"face": face, "fps": float(fps), "length": length, **shared}
        if speech_from == TEXT:
            return "lip_sync", {**spec, "text": text or "", "voice": voice or ""}
        if speech_from == RECORDING:
            return "lip_sync", {**spec, "audio": recording or "", "transcript": transcript or ""}
        return "lip_sync", {**spec, "audio": audio_output or ""}

    def restored(self, kind: str, spec: Mapping[str, Any]) -> list[Any]:
        """Updates for `clicked` and `inputs` that bring an earlier job's fields back; what is gone has to be given again."""
        speaks = kind != "animate_portrait"
        face = self._source(spec.get("face" if speaks else "portrait", ""))
        sound = self._source(spec.get("audio", ""))
        led_by = self._source(spec.get("driving_video", ""))
        said = TEXT if spec.get("text") else LIBRARY if sound.output else RECORDING
        point = (spec.get("face_x", -1.0), spec.get("face_y", -1.0))
        return [
            point_line(point if min(point) >= 0 else None),
            SPEAK if speaks else PERFORM,
            LIBRARY if face.output else PICTURE if not face.file or is_image(Path(face.file)) else VIDEO,
            face.file if face.file and is_image(Path(face.file)) else gr.skip(),
            face.file if face.file and not is_image(Path(face.file)) else gr.skip(),
            face.chosen(self.output_choices("video", "image")), point if min(point) >= 0 else None,
            int(spec.get("face_index", 0)) + 1, said if speaks else gr.skip(), spec.get("text") or gr.skip(),
            gr.update(choices=self.voice_choices(), value=spec.get("voice", "")), sound.file or gr.skip(),
            spec.get("transcript", ""), sound.chosen(self.output_choices("audio")),
            gr.skip() if speaks else LIBRARY if led_by.output else VIDEO, led_by.file or gr.skip(),
            led_by.chosen(self.output_choices("video")), int(spec.get("driving_face", 0)) + 1,
            gr.update(choices=self.engine_choices("lip_sync" if speaks else "animate"), value=spec.get("engine", AUTO)),
            spec.get("fps", 25), spec.get("quality", 80), spec.get("length", "sound"),
            *restored_values(self.options, spec.get("engine", AUTO), spec.get("options", {})),
        ]  # fmt: skip

    def _source(self, value: str) -> _Source:
        """Where a field of a job pointed: an output that is still kept, a file that is still there, or neither."""
        try:
            return _Source(output=self._studio.library.get(value).id)
        except GreenroomError:
            return _Source(file=value if value and Path(value).is_file() else "")

    def meant(self, engine: str, mode: str) -> str:
        """The engine chosen, or the one that "auto" takes now; "" when none is ready."""
        if engine != AUTO:
            return engine
        method = "animate" if mode == PERFORM else "lip_sync"
        try:
            return RenderEngineSelector(self._studio.catalog, self._studio.site).choose(AUTO, method).card.id
        except GreenroomError:
            return ""

    def engine_choices(self, method: str) -> list[tuple[str, str]]:
        rows = self._studio.engines.statuses(EngineKind.FACES)
        able = [row for row in rows if callable(getattr(self._studio.catalog.get(row.card.id), method, None))]
        return [
            ("Automatic", AUTO),
            *((row.card.title if row.ready else f"{row.card.title} · not ready", row.card.id) for row in able),
        ]

    def voice_choices(self) -> list[tuple[str, str]]:
        saved = [(f"{voice.name} · saved", voice.name) for voice in self._studio.voices.list() if not voice.damage]
        presets = [
            (f"{voice.title} · {engine.card.title}", f"{engine.card.id}/{voice.id}")
            for engine in self._studio.catalog.of(EngineKind.SPEECH)
            for voice in engine.preset_voices(self._studio.site)
        ]
        return [("Automatic: the clearest for the text", ""), *saved, *presets]

    def output_choices(self, *kinds: str) -> list[tuple[str, str]]:
        found = self._studio.library.list(limit=60, kinds=kinds)
        return [(f"{one.title or one.id}" + (f" · {about(one.duration)}" if one.duration else ""), one.id) for one in found]


def point_line(point: tuple[float, float] | None) -> str:
    """What a click in the picture has chosen, in words; "" without one."""
    if point is None:
        return ""
    across, down = (round(100 * at) for at in point)
    said = f"The face nearest to your click is meant ({across} % across, {down} % down)."
    return piece(f'<div class="counts"><span>{said}</span></div>')
