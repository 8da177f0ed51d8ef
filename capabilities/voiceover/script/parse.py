"""The script language: plain text with a few marks that a person would write anyway.

    # The Pool of Tears            a chapter; its heading is read aloud when the setting says so
    (blank line)                   a new paragraph; single line ends are spaces, as in hard-wrapped text
    ***                            a line of marks alone (also ---, * * *, # # #, ⁂): a scene break, a longer silence
    [pause 1.5s] [pause 500ms]     silence of that length in place of the usual pause; [pause] alone is one second
    Anna: Good morning.            Anna speaks until the paragraph ends or another label comes; also [Anna], **Anna:**, - Anna:
    Anna (speed=1.2, voice=kokoro/am_michael): Hm.   the same with settings for this one turn: `voice`, `language`, engine options
    Anna (whispering): Hm.         words in the parentheses are a style, for engines that take one; never read aloud

What counts as a label is in `marks.label_in`; which labels are speakers is in `speakers.find_speakers`. Undecided labels are
text and are read by the narrator, never in the voice of the previous speaker; `Script.possible_speakers` lists them, so that
the page can ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from capabilities.voiceover.script.marks import EDGE, Label, is_scene_break, label_in, pause_in, seconds_of, settings_of, title_in
from capabilities.voiceover.script.speakers import Labels, find_speakers, key_of
from studio.errors import InvalidInput

_LINE = re.compile(r"(?P<text>[^\r\n\u2028\u2029]*)(?:\r\n|[\r\n\u2028\u2029]|\Z)")
_BLANK = re.compile(rf"{EDGE}\Z")
_SPEAKABLE = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class Span:
    """A span [start, end) of the script as written, and the line of its start, counted from 1."""

    start: int
    end: int
    line: int


@dataclass(frozen=True)
class Heading:
    title: str
    span: Span


@dataclass(frozen=True)
class ParagraphBreak:
    pass


@dataclass(frozen=True)
class SceneBreak:
    """A line of marks such as ***: a change of time or place."""


@dataclass(frozen=True)
class Pause:
    seconds: float
    span: Span


@dataclass(frozen=True)
class Line:
    """Uninterrupted text of one speaker; `text` is the source as written, including line ends.

    Args:
        speaker: "" for the narrator.
        settings: per-turn settings as written, in order.
        style: a stage direction, "" for none.
    """

    speaker: str
    text: str
    span: Span
    settings: tuple[tuple[str, str], ...] = ()
    style: str = ""


Item = Heading | ParagraphBreak | SceneBreak | Pause | Line


@dataclass(frozen=True)
class Script:
    """A parsed script. `speakers` are in order of appearance; `possible_speakers` are labels taken for plain text."""

    items: tuple[Item, ...]
    speakers: tuple[str, ...]
    possible_speakers: tuple[str, ...]

    @property
    def chapters(self) -> tuple[str, ...]:
        return tuple(item.title for item in self.items if isinstance(item, Heading))

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(item for item in self.items if isinstance(item, Line))


def speakable(text: str) -> bool:
    """Return whether a text has a letter or a digit of any script; engines cannot speak other text."""
    return _SPEAKABLE.search(text) is not None


def parse(script: str, cast: Iterable[str] = (), just_text: Iterable[str] = ()) -> Script:
    """Read a script.

    Args:
        cast: names that are speakers wherever they stand as a label, compared without regard to case.
        just_text: labels that are none, and are read aloud.

    Raises:
        InvalidInput: for a script with nothing to say, a pause or a setting that cannot be read; the reason names the line.
    """
    if not speakable(script):
        raise InvalidInput("script.empty")
    labels = find_speakers(_labels(script), cast, just_text)
    items = _Reader(script, labels).read()
    if not any(isinstance(item, Line | Heading) for item in items):
        raise InvalidInput("script.nothing-spoken")
    spoken = {item.speaker: None for item in items if isinstance(item, Line) and item.speaker}
    return Script(items, tuple(spoken), labels.possible)


def _lines(script: str) -> Iterator[tuple[int, re.Match[str]]]:
    for number, found in enumerate(_LINE.finditer(script), 1):
        if found.end() == found.start() == len(script):
            return
        yield number, found


def _labels(script: str) -> Iterator[tuple[Label, str]]:
    for _, found in _lines(script):
        line = found.group("text")
        if title_in(line) is None and (label := label_in(line)):
            yield label, line[label.end :]


class _Reader:
    """One pass over the lines; `_open` is the run of text that still grows."""

    def __init__(self, script: str, labels: Labels) -> None:
        self._script = script
        self._labels = labels
        self._items: list[Item] = []
        self._open: Span | None = None
        self._turn: tuple[str, tuple[tuple[str, str], ...], str] = ("", (), "")

    def read(self) -> tuple[Item, ...]:
        for number, found in _lines(self._script):
            line = found.group("text")
            if _BLANK.match(line):
                self._paragraph_end()
            elif is_scene_break(line):
                self._scene_break()
            elif title := title_in(line):
                self._heading(title, found.start(), number)
            else:
                self._text(line, found.start(), number)
        self._close()
        while self._items and isinstance(self._items[-1], ParagraphBreak | SceneBreak):
            self._items.pop()
        return tuple(self._items)

    def _paragraph_end(self) -> None:
        self._close()
        self._turn = ("", (), "")
        if self._items and not isinstance(self._items[-1], ParagraphBreak | SceneBreak):
            self._items.append(ParagraphBreak())

    def _scene_break(self) -> None:
        self._paragraph_end()
        if self._items and not isinstance(self._items[-1], SceneBreak):
            self._items[-1:] = [SceneBreak()] if isinstance(self._items[-1], ParagraphBreak) else [self._items[-1], SceneBreak()]

    def _heading(self, place: tuple[int, int], start: int, number: int) -> None:
        self._paragraph_end()
        first, last = start + place[0], start + place[1]
        title = " ".join(self._script[first:last].split())
        if not title:
            raise InvalidInput("script.chapter-untitled", line=number)
        self._items.append(Heading(title, Span(first, last, number)))

    def _text(self, line: str, start: int, number: int) -> None:
        at = 0
        label = label_in(line)
        if label and (name := self._labels.speakers.get(key_of(label.name))):
            self._close()
            self._turn = (name, *settings_of(label.notes, number))
            at = label.end
        elif label and self._turn[0] and key_of(label.name) in self._labels.interrupting:
            self._close()
            self._turn = ("", (), "")
        while pause := pause_in(line, at):
            first, last, length = pause
            self._extend(start + at, start + first, number)
            self._close()
            self._items.append(Pause(seconds_of(line[first:last], length, number), Span(start + first, start + last, number)))
            at = last
        self._extend(start + at, start + len(line), number)

    def _extend(self, start: int, end: int, number: int) -> None:
        if self._open is not None:
            self._open = Span(self._open.start, end, self._open.line)
        elif not _BLANK.match(self._script[start:end]):
            self._open = Span(start, end, number)

    def _close(self) -> None:
        if self._open is None:
            return
        raw = self._script[self._open.start : self._open.end]
        lead, tail = len(raw) - len(raw.lstrip()), len(raw.rstrip())
        span = Span(self._open.start + lead, self._open.start + tail, self._open.line)
        self._open = None
        if speakable(raw):
            speaker, settings, style = self._turn
            self._items.append(Line(speaker, self._script[span.start : span.end], span, settings, style))
