"""The copy of an answer that is spoken: without Markdown, tables, code, addresses and emoji; the written one keeps them."""

from __future__ import annotations

import re
import unicodedata

_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,500}(?: [^()\n]{0,200})?\)")
_ADDRESS = re.compile(r"(?<![\w/])(?:https?://|www\.)[^\s<>()\[\]]{1,500}")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,80}>")
_LINE_MARK = re.compile(r"^[ \t]{0,8}(?:#{1,6}[ \t]|>[ \t]?|[-*+•][ \t]|\d{1,3}[.)][ \t](?=\S))", re.MULTILINE)
_RULE = re.compile(r"^[ \t|:*_-]{3,200}$", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*_~])[*_~]{1,3}(?=\S)|(?<=\S)[*_~]{1,3}(?![\w*_~])|`{1,2}")
_SPACES = re.compile(r"\s+")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")


def spoken_copy(text: str) -> str:
    """What is said of a piece of an answer; "" where nothing is.

    Numbers of a list are kept where their dot makes them words of their own ("1. Boil water" is said "Boil water").
    """
    text = _LINK.sub(r"\1", text)
    text = _ADDRESS.sub("", text)
    text = _TAG.sub("", text)
    text = _RULE.sub("", text)
    text = _LINE_MARK.sub("", text)
    if "|" in text:
        text = ", ".join(filter(None, (cell.strip() for cell in text.split("|"))))
    text = _EMPHASIS.sub("", text)
    text = "".join(one for one in text if not _is_picture(one))
    text = _SPACES.sub(" ", text).strip()
    return text if any(one.isalnum() for one in text) else ""


def _is_picture(character: str) -> bool:
    if character < "\u00a9":
        return False
    if character in _JOINERS:
        return True
    code = ord(character)
    if 0x1F000 <= code <= 0x1FAFF or 0xE0020 <= code <= 0xE007F or 0x1F1E6 <= code <= 0x1F1FF:
        return True
    return unicodedata.category(character) == "So" and character not in "°©®™№"
