"""The form for audiobooks: an upload, its chapters and the parts that are not spoken, and the button that starts the job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from capabilities.audiobook.capability import Audiobook
from capabilities.audiobook.importing import book_of
from capabilities.audiobook.spec import AudiobookSpec
from media.documents.read import DOCUMENT_SUFFIXES
from studio.changes.stamps import Topic
from studio.errors import GreenroomError, InvalidInput
from studio.services import Services
from tabs.common.html import html_piece
from tabs.common.jobs.job_view import JobView, build_job_bar
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.lists.voice_choices import Choices, live_update, renamed_or_same, voice_choices
from tabs.common.readiness.setup_offer import problem_with_offer
from tabs.common.wiring import QUIET, Updates, Values, clear_when_changed
from tabs.director.book.drawing import book_result, drawn_book

MOST_SPEAKERS = 20
"""Rows of the cast; whoever says less is read by the narrator, or given a voice through the API."""

_NARRATOR = "As the narrator"


class BookSection:
    """Draws the section and connects it. The job reads the file again: the page keeps nothing of a book.

    Args:
        secret: key of the browser's store for the shown job.
    """

    def __init__(self, studio: Services, secret: str) -> None:
        self._studio, self._audiobook = studio, studio.capability(Audiobook)
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=6, min_width=340):
                self.file = gr.File(
                    label="Book, script or subtitles", file_types=list(DOCUMENT_SUFFIXES), elem_id="book-file", height=140
                )
                self.told = html_piece(drawn_book(None, None), elem_id="book-told", live=True)
                with gr.Row():
                    self.title = gr.Textbox(label="Title", max_length=200, elem_id="book-title", min_width=180)
                    self.author = gr.Textbox(label="Author", max_length=200, elem_id="book-author", min_width=180)
                    self.reader = gr.Textbox(label="Narrator's name", max_length=200, elem_id="book-narrator", min_width=180)
                self._build_voices()
                with gr.Column(elem_classes="dock"):
                    self.trouble = html_piece(elem_id="book-trouble", live=True)
                    bar = build_job_bar("book-")
                    with gr.Row(elem_classes="buttons"):
                        self.go = gr.Button("Make the audiobook", variant="primary", scale=3, elem_id="book-go")
                        self.stop = gr.Button("Stop", scale=1, elem_id="book-stop")
            with gr.Column(scale=5, min_width=340):
                self.view = JobView(
                    studio,
                    (Audiobook.kind,),
                    storage_key="greenroom.audiobook",
                    secret=secret,
                    bar=bar,
                    detail=lambda job, page: book_result(studio, job),
                    prefix="book-",
                )

    def _build_voices(self) -> None:
        self.voice = LiveDropdown(self._voices("Automatic"), value="", label="Voice", elem_id="book-voice")
        self.full_cast = gr.Checkbox(
            False,
            label="Find who says what between quotation marks",
            elem_id="book-cast",
            info="By rule; look it through.",
        )
        self.speakers = gr.State([])
        with gr.Row():
            self.pickers = [
                LiveDropdown([(_NARRATOR, "")], value="", label=f"Speaker {number}", visible=False, min_width=180)
                for number in range(1, MOST_SPEAKERS + 1)
            ]
        with gr.Row():
            self.credits = gr.Checkbox(True, label="Say title and author first", elem_id="book-credits")
            self.files = gr.Checkbox(True, label="An MP3 for each chapter (ACX)", elem_id="book-files")

    @property
    def inputs(self) -> set[Any]:
        """The components from which a job is made."""
        return {
            self.file, self.title, self.author, self.reader, self.voice, self.full_cast, self.speakers, *self.pickers,
            self.credits, self.files,
        }  # fmt: skip

    def wire(self) -> None:
        view = self.view
        clear_when_changed([self.title, self.author, self.voice, self.reader], self.trouble)
        view.wire()
        read = [self.told, self.title, self.author, self.speakers, self.trouble, *self.pickers]
        for changed in (self.file, self.full_cast):
            changed.change(self._read, self.inputs, read, trigger_mode="always_last", **QUIET)
        self.voice.change(self._estimate_again, self.inputs, self.told, trigger_mode="always_last", **QUIET)
        self.go.click(self._make, self.inputs, [self.trouble, *view.shown], **QUIET)
        self.stop.click(view.stop, view.looked_at, [view.current, *view.painted], **QUIET)

    @property
    def live(self) -> list[LiveList]:
        """The list of voices."""
        chosen = [self.voice, *self.pickers]

        def refreshed(values: Values) -> Updates:
            shown = self.pickers[: len(values[self.speakers] or [])]
            return {piece: self._refreshed(piece, values[piece]) for piece in (self.voice, *shown)}

        return [LiveList((Topic.VOICES, Topic.ENGINES), [*chosen, self.speakers], chosen, refreshed)]

    def _refreshed(self, picker: LiveDropdown, value: str | None) -> Any:
        name = renamed_or_same(self._studio, value or "")
        return live_update(self._voices("Automatic" if picker is self.voice else _NARRATOR, name), value, name)

    def _voices(self, automatic: str, chosen: str = "") -> Choices:
        return voice_choices(self._studio, automatic, "auto", chosen)

    def _read(self, values: Values) -> Updates:
        """Return updates with the contents of the file; a file that cannot be read gives an error and leaves the form
        unchanged.
        """
        hidden = dict.fromkeys(self.pickers, gr.update(visible=False))
        if not values[self.file]:
            return {self.told: drawn_book(None, None), self.trouble: "", self.speakers: [], **hidden}
        try:
            book = book_of(Path(values[self.file]), quotes=bool(values[self.full_cast]))
        except GreenroomError as error:
            trouble = problem_with_offer(self._studio, error)
            return {self.told: drawn_book(None, None), self.trouble: trouble, self.speakers: [], **hidden}
        names = list(book.speakers[:MOST_SPEAKERS])
        kept = dict(zip(values[self.speakers], (values[picker] for picker in self.pickers), strict=False))
        shown = {
            picker: gr.update(
                visible=True, label=name, value=kept.get(name, ""), choices=self._voices(_NARRATOR, kept.get(name, ""))
            )
            for picker, name in zip(self.pickers, names, strict=False)
        }
        return {
            self.told: drawn_book(book, self._estimate(book.characters, values[self.voice], book.document.language)),
            self.title: book.document.title or Path(values[self.file]).stem,
            self.author: ", ".join(book.document.authors),
            self.speakers: names,
            self.trouble: "",
            **hidden,
            **shown,
        }

    def _estimate_again(self, values: Values) -> Any:
        if not values[self.file]:
            return gr.skip()
        try:
            book = book_of(Path(values[self.file]), quotes=bool(values[self.full_cast]))
        except GreenroomError:
            return gr.skip()
        return drawn_book(book, self._estimate(book.characters, values[self.voice], book.document.language))

    def _estimate(self, characters: int, voice: str, language: str) -> Any:
        try:
            return self._audiobook.estimate_of_length(characters, voice or "", language)
        except GreenroomError as error:
            return error

    def _make(self, values: Values) -> Updates:
        try:
            job = self.view.submit(Audiobook.kind, self._spec(values).model_dump(mode="json", exclude_defaults=True))
        except GreenroomError as error:
            return {self.trouble: problem_with_offer(self._studio, error)}
        return {self.trouble: "", **self.view.focus(job)}

    def _spec(self, values: Values) -> AudiobookSpec:
        if not values[self.file]:
            raise InvalidInput("audiobook.no-book-yet")
        path = Path(values[self.file])
        book = book_of(path, quotes=bool(values[self.full_cast]))
        cast = dict(zip(values[self.speakers], (values[picker] or "" for picker in self.pickers), strict=False))
        return AudiobookSpec(
            chapters=book.chapters,
            title=values[self.title] or book.document.title,
            author=values[self.author] or "",
            narrator=values[self.reader] or "",
            cover=book.kept_cover(self._studio.paths.root / "uploads"),
            voice=values[self.voice] or "",
            cast=cast,
            credits=bool(values[self.credits]),
            chapter_files=bool(values[self.files]),
            language=book.document.language.split("-")[0].lower() or "auto",
        )
