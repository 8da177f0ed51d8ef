"""The page: header and tabs. Adding a tab is one file and one line here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, cast

import gradio as gr

from capabilities.voiceover.capability import Voiceover
from studio.services import Services
from tabs.character_swap.page import CharacterSwapTab
from tabs.common.browser_copy import NO_CALLS, lean
from tabs.common.kept_form import KeptForms
from tabs.common.lists.live_lists import LiveLists
from tabs.common.notices.undo import wire_undo
from tabs.common.readiness.first_models import FirstModelsLine
from tabs.common.readiness.setup_offer import wire_setup
from tabs.common.texts.new_texts import NewTexts
from tabs.conversation.page import ConversationTab
from tabs.header import build_masthead
from tabs.lip_sync.page import LipSyncTab
from tabs.system.page import SystemTab
from tabs.text_to_video.page import TextToVideoTab
from tabs.voiceover.page import VoiceoverTab

_GOING_OUT: ContextVar[bool] = ContextVar("going out", default=False)


class Page(gr.Blocks):
    """Gradio's page, at rest while nothing is asked, whose configuration is worked out once, as it is mounted.

    Gradio does that three times more on the way there (`Blocks.__exit__`, `mount_gradio_app`, and each of its `App.create_app`),
    over all components, and reads none of these before it has made the next. A browser gets what it needs of it
    (tabs/common/browser_copy.py).

    Gradio looks at the paths in a call only where its page was launched by itself, which a mounted one never is; `has_launched`
    says so from the mount on. It holds for what comes in: what goes out is chosen by the studio's own code, from rooms of the
    data folder that nobody may ask for by path.
    """

    @property
    def has_launched(self) -> bool:
        return self._launched and not _GOING_OUT.get()

    @has_launched.setter
    def has_launched(self, value: bool) -> None:
        self._launched = value

    async def postprocess_data(self, *args: Any, **more: Any) -> Any:
        token = _GOING_OUT.set(True)
        try:
            return await super().postprocess_data(*args, **more)
        finally:
            _GOING_OUT.reset(token)

    def get_config_file(self) -> Any:
        mounted = getattr(self, "custom_mount_path", None) is not None
        return lean(cast("dict[str, Any]", super().get_config_file())) if mounted else {}

    def get_api_info(self, all_endpoints: bool = False, page: str | None = None) -> Any:
        """For a browser's page, whose name is given: nothing. For clients: everything."""
        return super().get_api_info(all_endpoints=all_endpoints) if page is None else NO_CALLS

    def queue(self, *args: Any, **settings: Any) -> Any:
        """As Gradio's, but an idle studio looks for calls fifty times a second: at Gradio's thousand it is never idle."""
        made = super().queue(*args, **settings)
        self._queue.sleep_when_free, self._queue.progress_update_sleep_when_free = 0.02, 0.1  # on Windows Gradio's: 0.05 and 0.1
        return made


def build_page(studio: Services, declare: Callable[[], None]) -> gr.Blocks:
    """The whole page for one open studio.

    Args:
        declare: declares the public endpoints; called inside the page, because Gradio makes its whole application anew each
            time a page is opened again to add something.
    """
    secret = page_secret(studio.settings.data_folder)
    with Page(title="Greenroom", fill_width=True, delete_cache=(3600, 86_400)) as page:
        build_masthead()
        lists = LiveLists(studio)
        wire_undo(studio, lists.acts)
        wire_setup(studio, lists.acts)
        texts = NewTexts()
        first_models = FirstModelsLine(studio)
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap") as tabs:
            with gr.Tab("Voiceover", id="voiceover"):
                voiceover = VoiceoverTab(studio, studio.capability(Voiceover), secret, texts)
            with gr.Tab("Conversation", id="conversation"):
                conversation = ConversationTab(studio, texts)
            with gr.Tab("Lip-sync", id="lip-sync"):
                lip_sync = LipSyncTab(studio, secret, texts)
            with gr.Tab("Text-to-Video", id="text-to-video") as text_to_video_tab:
                text_to_video = TextToVideoTab(studio, secret, texts)
            with gr.Tab("Character Swap", id="character-swap") as character_swap_tab:
                character_swap = CharacterSwapTab(studio, secret)
            with gr.Tab("System", id="system") as system_tab:
                system = SystemTab(studio)
        voiceover.wire()
        conversation.wire()
        first_models.wire()
        views = [voiceover.view, lip_sync.view, text_to_video.view, character_swap.view]
        drawn = [piece for view in views for piece in (view.outputs, view.detail)]
        lip_sync.wire(tabs, senders=[view.outputs for view in views])
        faces = lip_sync.face_receiver(tabs)
        text_to_video.wire(text_to_video_tab, faces)
        text_to_video.upscale.listen(tabs, drawn)
        character_swap.wire(tabs, character_swap_tab, faces, senders=drawn)
        system.wire(system_tab)
        shown = [*voiceover.live, *conversation.live, *lip_sync.live, *text_to_video.live, *character_swap.live]
        lists.wire([*shown, first_models.live])
        character_swap.wire_kept(page)
        KeptForms([voiceover.kept, lip_sync.kept, text_to_video.kept, character_swap.kept]).wire(page)
        declare()
    return page


def page_secret(data_folder: Path) -> str:
    """Of this installation: what the browser keeps for the page stays readable after a restart of the server."""
    path = data_folder / "page.secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16), "utf-8")
    return path.read_text("utf-8").strip()
