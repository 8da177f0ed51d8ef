"""The page: header and tabs."""

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
from tabs.common.lists.live_lists import LiveList, LiveLists
from tabs.common.notices.undo import wire_undo
from tabs.common.presses import keep_presses, settle_changes
from tabs.common.readiness.first_models import FirstModelsLine
from tabs.common.readiness.setup_offer import wire_setup
from tabs.common.texts.new_texts import NewTexts
from tabs.conversation.page import ConversationTab
from tabs.director.book.section import BookSection
from tabs.director.page import DirectorTab
from tabs.header import build_masthead
from tabs.lip_sync.page import LipSyncTab
from tabs.system.page import SystemTab
from tabs.text_to_video.page import TextToVideoTab
from tabs.voiceover.page import VoiceoverTab

_GOING_OUT: ContextVar[bool] = ContextVar("going out", default=False)


class Page(gr.Blocks):
    """A gr.Blocks whose configuration is computed once, when it is mounted, and whose queue does not poll at full speed.

    Gradio also computes it in `Blocks.__exit__`, `mount_gradio_app` and each `App.create_app`, and does not use these results.
    Browsers get a reduced configuration (tabs/common/browser_copy.py).

    Gradio checks the paths in a call only if the page was launched, which a mounted page never is; `has_launched` is therefore
    true after the mount. It is false for outgoing values, which the studio's code chooses, also from folders that clients must
    not name by path.
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
        """Return nothing for a page in a browser, which passes its name, and everything for clients."""
        return super().get_api_info(all_endpoints=all_endpoints) if page is None else NO_CALLS

    def queue(self, *args: Any, **settings: Any) -> Any:
        """Configure Gradio's queue so that it polls 50 times a second while idle instead of 1,000 times, which keeps the
        processor busy.
        """
        made = super().queue(*args, **settings)
        self._queue.sleep_when_free, self._queue.progress_update_sleep_when_free = (
            0.02,
            0.1,
        )  # Gradio on Windows: 0.05, 0.1
        return made


def build_page(studio: Services, declare: Callable[[], None]) -> gr.Blocks:
    """Build the page of an open studio.

    Args:
        declare: declares the public endpoints. It is called inside the page's context, because Gradio rebuilds its application
            each time the context is opened again.
    """
    with Page(title="Greenroom", fill_width=True, delete_cache=(3600, 86_400)) as page:
        build_masthead()
        lists = LiveLists(studio)
        wire_undo(studio, lists.acts)
        wire_setup(studio, lists.acts)
        first_models = FirstModelsLine(studio)
        tabs = StudioTabs(studio)
        first_models.wire()
        tabs.wire()
        lists.wire([*tabs.live, first_models.live])
        tabs.wire_kept(page)
        keep_presses(page)
        settle_changes(page)
        declare()
    return page


class StudioTabs:
    """The tabs of the page, built in the order in which they stand."""

    def __init__(self, studio: Services) -> None:
        secret, texts = page_secret(studio.settings.data_folder), NewTexts()
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap", selected="voiceover") as self._tabs:
            with gr.Tab("Director", id="director"), gr.Tabs(elem_id="director-tabs", overflow_behavior="wrap"):
                with gr.Tab("Projects", id="film"):
                    self._director = DirectorTab(studio)
                with gr.Tab("Audiobook", id="audiobook"):
                    self._book = BookSection(studio, secret)
            with gr.Tab("Voiceover", id="voiceover"):
                self._voiceover = VoiceoverTab(studio, studio.capability(Voiceover), secret, texts)
            with gr.Tab("Conversation", id="conversation"):
                self._conversation = ConversationTab(studio, texts, secret)
            with gr.Tab("Lip-sync", id="lip-sync"):
                self._lip_sync = LipSyncTab(studio, secret, texts)
            with gr.Tab("Text-to-Video", id="text-to-video") as self._text_to_video_tab:
                self._text_to_video = TextToVideoTab(studio, secret, texts)
            with gr.Tab("Character Swap", id="character-swap") as self._character_swap_tab:
                self._character_swap = CharacterSwapTab(studio, secret)
            with gr.Tab("System", id="system") as self._system_tab:
                self._system = SystemTab(studio)

    def wire(self) -> None:
        """Connect each tab's components, and the outputs of one tab to the forms of others that take them."""
        self._voiceover.wire()
        self._conversation.wire()
        self._book.wire()
        views = [tab.view for tab in (self._voiceover, self._lip_sync, self._text_to_video, self._character_swap)]
        drawn = [piece for view in views for piece in (view.outputs, view.detail)]
        self._lip_sync.wire(self._tabs, senders=[view.outputs for view in views])
        faces = self._lip_sync.face_receiver(self._tabs)
        self._text_to_video.wire(self._text_to_video_tab, faces)
        self._text_to_video.upscale.listen(self._tabs, drawn)
        self._character_swap.wire(self._tabs, self._character_swap_tab, faces, senders=drawn)
        self._system.wire(self._system_tab)

    @property
    def live(self) -> list[LiveList]:
        """All lists that are updated while the page is open."""
        tabs = (self._voiceover, self._conversation, self._lip_sync, self._text_to_video, self._character_swap)
        return [self._director.live, *self._book.live, *(piece for tab in tabs for piece in tab.live)]

    def wire_kept(self, page: gr.Blocks) -> None:
        """Connect the values of forms that the browser keeps."""
        self._character_swap.wire_kept(page)
        tabs = (self._voiceover, self._conversation, self._lip_sync, self._text_to_video, self._character_swap)
        KeptForms([tab.kept for tab in tabs]).wire(page)


def page_secret(data_folder: Path) -> str:
    """Return the secret of this installation, with which values in the browser remain readable after a restart of the
    server."""
    path = data_folder / "page.secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16), "utf-8")
    return path.read_text("utf-8").strip()
