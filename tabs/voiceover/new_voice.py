"""The form for a new voice, with a line to read aloud, and what follows when it is saved."""

from __future__ import annotations

from typing import Any

import gradio as gr

from capabilities.setup.machine_can import MY_VOICE, recommended_for
from engines.contract import EngineKind, SpeechTraits
from studio.services import Services
from tabs.common.audio_upload import build_sound_upload
from tabs.common.html import html_piece
from tabs.common.readiness.setup_offer import setup_offer
from tabs.common.templating import render

READ_ALOUD = (
    "The lamp was lit at dusk, and the whole room leaned a little closer to listen. "
    "Nobody hurried; there were still five good stories left, and the kettle had only just begun to sing."
)
"""What a person may read for a clip of some ten seconds: every common sound of English, no name, nothing to stumble over."""
CONSENT_HELP = "Who agreed to the use of this voice, how and when. It is kept with the voice and exported with it."


def next_step(studio: Services, voice: str) -> str:
    """Return the HTML of what follows when a voice is saved: hear it, or set up an engine that can speak in it."""
    engines = studio.engines.statuses(EngineKind.SPEECH)
    ready = any(one.ready and one.card.traits_of(SpeechTraits).clones for one in engines)
    plan = None if ready else recommended_for(studio, MY_VOICE)
    offer = setup_offer(studio, plan.engine, voice) if plan is not None else ""
    return render("voiceover/voice_next.html", voice=voice, ready=ready, plan=plan) + offer


class NewVoiceForm:
    """The form for a new voice: clip, findings, name."""

    def __init__(self) -> None:
        with gr.Accordion("New voice", open=False, elem_id="new-voice"):
            html_piece(render("voiceover/read_aloud.html", line=READ_ALOUD), elem_id="read-aloud", on_draw="")
            self.clip = build_sound_upload("Clip of one person speaking", "voice-clip")
            self.findings = html_piece(elem_id="findings", live=True)
            self.mend = gr.Checkbox(
                False, label="Mend the channels and the offset of this clip", visible=False, interactive=True, elem_id="mend-clip"
            )
            self.name = gr.Textbox(
                label="Name", max_length=80, elem_id="voice-name", info="As you will pick it; small and capital letters count."
            )
            self.transcript = gr.Textbox(
                label="What is said in the clip", lines=2, elem_id="voice-transcript",
                info="Word for word; engines that clone need it.",
            )  # fmt: skip
            with gr.Row():
                self.tags = gr.Textbox(label="Tags", placeholder="warm, narrator", info="Separated by commas.")
                self.consent = gr.Textbox(label="Consent", info=CONSENT_HELP)
            self.near = html_piece(elem_id="nearest-voices", live=True)
            self.window = gr.State(None)
            self.trouble = html_piece(elem_id="voice-trouble", live=True)
            with gr.Row():
                self.save = gr.Button("Save voice", variant="primary", elem_id="save-voice")
                self.save_window = gr.Button("Save the best part", visible=False, elem_id="save-window")
                self.nearest = gr.Button("Find the nearest built-in voice", elem_id="find-nearest")

    @property
    def fields(self) -> list[Any]:
        return [self.clip, self.name, self.transcript, self.tags, self.consent]
