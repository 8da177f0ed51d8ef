"""The Conversation tab: conversations with a language model, rehearsals of a scene, and past conversations."""

from __future__ import annotations

import gradio as gr

from studio.services import Services
from tabs.common.kept_form import KeptForm
from tabs.common.lists.live_lists import LiveList
from tabs.common.texts.new_texts import NewTexts
from tabs.common.wiring import QUIET
from tabs.conversation.past_panel import PastPanel
from tabs.conversation.rehearsal_panel import RehearsalPanel
from tabs.conversation.talk_panel import TalkPanel

TALK, REHEARSE = "talk", "rehearse"


class ConversationTab:
    """Draws the tab and connects it. Rehearsal comes first if no language model is configured."""

    def __init__(self, studio: Services, texts: NewTexts, secret: str) -> None:
        first = TALK if studio.language.status().ready else REHEARSE
        self.mode = gr.Radio(
            [("Talk", TALK), ("Rehearse a scene", REHEARSE)], value=first, show_label=False, label="What to do",
            elem_id="conversation-mode",
        )  # fmt: skip
        with gr.Column(visible=first == TALK) as self._talking:
            self.talk = TalkPanel(studio)
        with gr.Column(visible=first == REHEARSE) as self._rehearsing:
            self.rehearsal = RehearsalPanel(studio, texts)
        self.past = PastPanel(studio)
        self.kept = KeptForm(studio, "conversation", secret, {"mode": self.mode, **self.talk.kept, **self.rehearsal.kept})

    def wire(self) -> None:
        """Connect every event of the tab."""
        self.talk.wire()
        self.rehearsal.wire()
        self.past.wire()
        self.mode.change(
            lambda mode: (gr.update(visible=mode == TALK), gr.update(visible=mode == REHEARSE)),
            self.mode, [self._talking, self._rehearsing], **QUIET,
        )  # fmt: skip

    @property
    def live(self) -> list[LiveList]:
        """The lists of the three panels."""
        return [*self.talk.live, *self.rehearsal.live, self.past.live]
