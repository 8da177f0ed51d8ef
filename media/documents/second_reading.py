"""Second readings of a source for comparison, by Python's own parsers, which share no code with the first."""

from __future__ import annotations

import re
import xml.parsers.expat
from collections import Counter
from collections.abc import Collection
from html.parser import HTMLParser

from media.errors import MediaError

_OPEN_TAG = re.compile(r"<(?=[^<>]*+(?:<|\Z))")
_MOST_OPEN_TAGS = 100
"""Beginnings of tags without an end, for which Python's parser looks through all that follows. No honest page has more; they are
taken as text."""

_UNSEEN = frozenset({"script", "style", "template", "head", "noscript", "iframe", "object"})


class _PageText(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if not self._unseen and tag in _UNSEEN:
            self._unseen, self._depth = tag, 1
        elif tag == self._unseen:
            self._depth += 1

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Ignore an element that is closed at once, as in XHTML, because it has no content."""

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._depth -= 1
            if not self._depth:
                self._unseen = ""

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def page_text(markup: str) -> str:
    """Return the text of an HTML or XHTML page, without its head, scripts and styles."""
    reader = _PageText()
    open_tags = sum(1 for _ in _OPEN_TAG.finditer(markup))
    reader.feed(_OPEN_TAG.sub("&lt;", markup) if open_tags > _MOST_OPEN_TAGS else markup)
    reader.close()
    return "".join(reader.parts)


def part_text(data: bytes, elements: Collection[str], name: str, *, inside: str = "", outside: str = "") -> str:
    """Return the text of a part of an office document, in order.

    Args:
        elements: only text directly within elements of these names, without prefix; () for all.
        inside, outside: only within this element, and never within that one; "" for everywhere and never.

    Raises:
        MediaError: the part is not well-formed XML, or declares entities, which no such document does.
    """
    parts: list[str] = []
    path: list[str] = []
    within: Counter[str] = Counter()

    def start(tag: str, attributes: object) -> None:
        path.append(tag.rpartition(":")[2])
        within[path[-1]] += 1

    def end(tag: str) -> None:
        within[path.pop()] -= 1

    def characters(text: str) -> None:
        if (not elements or path[-1] in elements) and (not inside or within[inside]) and not within[outside]:
            parts.append(text)

    def refuse(*_: object) -> None:
        raise MediaError("document.entities", file=name)

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except xml.parsers.expat.ExpatError:
        raise MediaError("document.damaged", file=name) from None
    return "".join(parts)
