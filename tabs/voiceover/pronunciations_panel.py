"""The pronunciation list: entries with their pronunciation, previewed before they are saved, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from media.text.phonetics.respelling import respelled
from studio.changes.stamps import Topic
from studio.errors import GreenroomError, NotFound
from studio.pronunciations import Pronunciation, SayingScope
from studio.pronunciations.csv_files import from_csv
from studio.pronunciations.model import checked
from studio.services import Services
from tabs.common.formats import many
from tabs.common.html import html_piece
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.notices.notices import notice
from tabs.common.notices.undo import deleted_pronunciation
from tabs.common.templating import render
from tabs.common.wiring import QUIET, Updates, Values, clicked, problem, pronunciation_url, with_error_toast

MOST_SHOWN = 200
EVERYWHERE = "Every voice"


@dataclass(frozen=True)
class _EntryRow:
    """One entry of the list; `respelling` is the text for engines that read letters only, "" if it equals the pronunciation."""

    entry: Pronunciation
    url: str
    place: str
    respelling: str


def entries_list(entries: list[Pronunciation]) -> str:
    """Return the HTML of the list; of a very long one the first words and the total."""
    rows = [_row(one) for one in entries[:MOST_SHOWN]]
    return render("voiceover/pronunciations_list.html", rows=rows, total=len(entries))


def _row(entry: Pronunciation) -> _EntryRow:
    voice = entry.of if entry.scope is SayingScope.VOICE else ""
    places = [f"only {entry.of}" if entry.of else "", f"in {entry.language}" if entry.language else ""]
    respelling = respelled(entry.ipa, entry.language or "en") if entry.ipa else ""
    url = pronunciation_url(entry.word, entry.saying, voice, entry.language)
    return _EntryRow(entry, url, ", ".join(filter(None, places)), respelling)


class PronunciationsPanel:
    """The folding section below the form.

    Args:
        voice: the voice picker of the form above: an entry may apply to that voice alone, and is previewed in it.
    """

    def __init__(self, studio: Services, voice: LiveDropdown) -> None:
        self._studio, self._voice = studio, voice
        with gr.Accordion("Pronunciations", open=False, elem_id="pronunciations"):
            self.list = html_piece(self._drawn(), elem_id="pronunciations-list")
            with gr.Row():
                self.word = gr.Textbox(
                    label="Word", elem_id="pronounced-word", max_length=100, min_width=140,
                    info="As it stands in scripts; written small it stands for any case.",
                )  # fmt: skip
                self.saying = gr.Textbox(
                    label="Said as", elem_id="pronounced-as", max_length=200, min_width=140,
                    info="As it sounds, Win, or in IPA between slashes, /nwɪn/.",
                )  # fmt: skip
            with gr.Row():
                self.of = LiveDropdown(
                    [(EVERYWHERE, "")], value="", label="In which voice", min_width=140, elem_id="pronounced-by",
                    interactive=True,
                )  # fmt: skip
                self.language = gr.Textbox(
                    label="In which language", placeholder="All", max_length=12, min_width=140, elem_id="pronounced-in",
                    info="A tag such as en, or nothing for all.",
                )  # fmt: skip
            self.hear = html_piece(elem_id="hear-pronunciation")
            self.trouble = html_piece(elem_id="pronunciation-trouble", live=True)
            with gr.Row():
                self.save = gr.Button("Save the pronunciation", variant="primary", elem_id="save-pronunciation")
                self.upload = gr.UploadButton(
                    "Import a CSV file", file_types=[".csv", ".txt"], elem_id="import-pronunciations", type="filepath"
                )
            self.former = gr.State("")

    @property
    def _form(self) -> list[Any]:
        return [self.word, self.saying, self.of, self.language]

    @property
    def live(self) -> LiveList:
        """The list, which another page may change."""
        topics = (Topic.PRONUNCIATIONS, Topic.VOICES)
        return LiveList(topics, (), (self.list,), lambda values: {self.list: self._drawn()})

    def wire(self) -> None:
        form = {*self._form, self._voice}
        gr.on([one.change for one in (*self._form, self._voice)], self._heard, form, self.hear, **QUIET)
        self._voice.change(self._offered, {self._voice, self.of}, self.of, **QUIET)
        changed = [self.list, self.trouble, self.former, *self._form]
        gr.on([self.save.click, self.saying.submit, self.word.submit], self._saved, {*form, self.former}, changed, **QUIET)
        self.upload.upload(self._imported, self.upload, changed, **QUIET)
        self.list.click(self._clicked, self._voice, changed, **QUIET)

    def _drawn(self) -> str:
        return entries_list(self._studio.pronunciations.list())

    def _heard(self, values: Values) -> str:
        """Return the preview: the word in the form as it would be spoken, in its voice or the chosen one; "" without a word."""
        word, saying, language = values[self.word] or "", values[self.saying] or "", values[self.language] or ""
        if not word.strip() or not saying.strip():
            return ""
        try:
            entry = checked(word, saying, of=values[self.of] or "", language=language)
        except GreenroomError as error:
            return render("voiceover/hear_pronunciation.html", why=error.reason)
        url = pronunciation_url(entry.word, entry.saying, values[self.of] or values[self._voice] or "", entry.language)
        return render("voiceover/hear_pronunciation.html", url=url, word=entry.word, why="")

    def _offered(self, values: Values) -> Any:
        """Return the choices of an entry's scope: every voice, the one chosen above, or the one that the entry already has."""
        return gr.update(choices=_voices(values[self._voice] or "", values[self.of] or ""))

    def _saved(self, values: Values) -> Updates:
        def save() -> str:
            entry = self._studio.pronunciations.set(
                values[self.word] or "",
                values[self.saying] or "",
                of=values[self.of] or "",
                language=values[self.language] or "",
                former=values[self.former] or "",
            )
            return f"{entry.word} is said as {entry.saying}."

        return self._changed(save)

    def _imported(self, path: str | None) -> Updates:
        if not path:
            return {self.trouble: ""}
        return self._changed(lambda: f"{many(self._studio.pronunciations.add_all(from_csv(Path(path))), 'word')} imported.")

    def _changed(self, change: Callable[[], str]) -> Updates:
        try:
            notice(change())
        except GreenroomError as error:
            return {self.trouble: problem(error)}
        emptied: Updates = dict.fromkeys((self.word, self.saying, self.language, self.former), "")
        return {self.list: self._drawn(), self.trouble: "", self.of: gr.update(value=""), **emptied}

    @with_error_toast
    def _clicked(self, voice: str | None, event: gr.EventData) -> Updates:
        data = clicked(event)
        act, entry_id = data.get("act"), data.get("entry", "")
        if act == "delete":
            gone = self._studio.pronunciations.delete(entry_id)
            deleted_pronunciation(gone.id, gone.word)
            return {self.list: self._drawn()}
        if act != "edit":
            return {self.trouble: gr.skip()}
        entry = next((one for one in self._studio.pronunciations.list() if one.id == entry_id), None)
        if entry is None:
            raise NotFound("pronunciation.gone")
        return {
            self.word: entry.word,
            self.saying: entry.saying,
            self.of: gr.update(choices=_voices(voice or "", entry.of), value=entry.of),
            self.language: entry.language,
            self.former: entry.id,
            self.trouble: "",
        }


def _voices(*named: str) -> list[tuple[str, str]]:
    return [(EVERYWHERE, ""), *((f"Only {name}", name) for name in dict.fromkeys(named) if name)]
