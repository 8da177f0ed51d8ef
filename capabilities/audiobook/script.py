"""Conversion of a book to a narration's script: one text, and its items with their positions in it.

The items are made directly from the passages, so that nothing in a book is parsed as script language: a paragraph that begins
with "Note:" or "#" is spoken as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from capabilities.audiobook.spec import AudiobookSpec, BookChapter, Passage
from capabilities.voiceover.script.parse import Heading, Item, Line, ParagraphBreak, SceneBreak, Script, Span, speakable
from capabilities.voiceover.spec import VoiceoverSpec

SPEAKER_PAUSE = 0.15
"""Within a paragraph, seconds between a quote and the words around it."""

_CREDITS: Mapping[str, tuple[str, str, str, str, str]] = {
    "en": ("Opening credits", "Written by {author}.", "Narrated by {narrator}.", "Closing credits", "The end."),
    "de": ("Vorspann", "Von {author}.", "Gelesen von {narrator}.", "Abspann", "Ende."),
    "fr": ("Générique", "Écrit par {author}.", "Lu par {narrator}.", "Générique de fin", "Fin."),
    "es": ("Créditos", "Escrito por {author}.", "Narrado por {narrator}.", "Créditos finales", "Fin."),
}


@dataclass(frozen=True)
class BookCredits:
    """What shops want said: sentences under an opening title first, and one under a closing title last."""

    opening: str
    said: tuple[str, ...]
    closing: str
    end: str


def credits_of(title: str, author: str, narrator: str, language: str) -> BookCredits | None:
    """The credits of a book; None without a title, or in a language for which there are no words."""
    words = _CREDITS.get(language.split("-")[0].lower())
    if words is None or not title.strip():
        return None
    opening, written, narrated, closing, end = words
    said = [title.strip().rstrip(".") + "."]
    said += [written.format(author=author.strip())] if author.strip() else []
    said += [narrated.format(narrator=narrator.strip())] if narrator.strip() else []
    return BookCredits(opening, tuple(said), closing, end)


def with_credits(spec: AudiobookSpec, language: str) -> tuple[BookChapter, ...]:
    """Return the chapters, with opening and closing credits as stores require them if the spec asks for them."""
    words = credits_of(spec.title, spec.author, spec.narrator, language) if spec.credits else None
    if words is None:
        return spec.chapters
    first = BookChapter(title=words.opening, paragraphs=tuple((Passage(text=sentence),) for sentence in words.said))
    return (first, *spec.chapters, BookChapter(title=words.closing, paragraphs=((Passage(text=words.end),),)))


def script_of_book(chapters: Sequence[BookChapter], cast: Mapping[str, str]) -> tuple[str, Script]:
    """Return the text of a book and its items; credits are spoken without their title."""
    return _BookScript(cast).compose(chapters)


def narration_of(spec: AudiobookSpec, text: str) -> VoiceoverSpec:
    """Return the narration that speaks the text."""
    shared = (
        "title", "voice", "engine", "options", "language", "seed", "check", "check_with", "replace_unsayable", "takes", "picks",
        "pronunciations", "lexicon", "parent", "reading", "replaced_voices",
    )  # fmt: skip
    fields = {name: getattr(spec, name) for name in shared}
    return VoiceoverSpec(script=text, speakers=spec.cast, speak_chapters=True, speaker_pause=SPEAKER_PAUSE, **fields)


class _BookScript:
    def __init__(self, cast: Mapping[str, str]) -> None:
        self._cast = {name.casefold(): name for name in cast}
        self._text: list[str] = []
        self._length, self._number = 0, 1
        self._items: list[Item] = []
        self._spoken: dict[str, None] = {}

    def compose(self, chapters: Sequence[BookChapter]) -> tuple[str, Script]:
        for chapter in chapters:
            title = " ".join(chapter.title.split())
            self._items.append(Heading(title, self._place(title)))
            self._write("\n\n")
            for paragraph in chapter.paragraphs:
                self._paragraph(paragraph)
        return "".join(self._text), Script(tuple(self._items), tuple(self._spoken), ())

    def _paragraph(self, paragraph: Sequence[Passage]) -> None:
        if not paragraph:
            self._items.append(SceneBreak())
            return
        self._items.append(ParagraphBreak())
        for who, text in self._turns(paragraph):
            lead, tail = len(text) - len(text.lstrip()), len(text.rstrip())
            self._write(text[:lead])
            place = self._place(text[lead:tail])
            self._write(text[tail:] if lead < len(text) else "")
            if speakable(text):
                self._spoken.update({who: None} if who else {})
                self._items.append(Line(who, text[lead:tail], place))
        self._write("\n\n")

    def _turns(self, paragraph: Sequence[Passage]) -> Iterator[tuple[str, str]]:
        """Yield passages of one voice joined, so that no sentence is split without need."""
        open_who, open_text = "", ""
        for one in paragraph:
            who = self._cast.get(one.who.casefold(), "")
            if open_text and who != open_who:
                yield open_who, open_text
                open_text = ""
            open_who, open_text = who, open_text + one.text
        if open_text:
            yield open_who, open_text

    def _place(self, text: str) -> Span:
        span = Span(self._length, self._length + len(text), self._number)
        self._write(text)
        return span

    def _write(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)
        self._number += text.count("\n")
