"""Removal of a paragraph's inline markup: entities decoded, hyphenated words joined, runs of spaces collapsed.

The result keeps the author's spelling and typography. Ends of list items, table rows and lines of verse become break marks.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import cache

from media.text.reading.language import NARROW, Language
from media.text.reading.markup import HIDDEN
from media.text.reading.spans import Traced, Tracer

ITEM_BREAK = "\x1e"
"""Between the items of a list and the rows of a table: whatever comes next is a sentence of its own."""
LINE_BREAK = "\x1f"
"""Between two lines of verse."""

_INVISIBLE = "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
_EDGES = "“”\"‘’'«»‹›„(\\[¿¡"
_NOTED = r"\w.,;:!?\"”’'»)\]"
_RULES = (
    r"(?P<image>!\[(?P<alt>[^\[\]\n]{0,300})\]\([^()\s]{0,1000}(?:[ ]\"[^\"\n]{0,200}\")?\))",
    rf"(?P<note>\[\^[^\[\]\s]{{1,40}}\]:?|(?<=[{_NOTED}])(?:\[(?:\d{{1,3}}(?:[,–-] ?\d{{1,3}})*|[a-z]|note \d{{1,3}}"
    r"|citation needed)\])+(?!\()|(?<=[\w.,;:!?”’»)])[†‡]+)",
    r"(?P<link>(?<!!)\[(?P<name>[^\[\]\n]{1,300})\](?:\((?:[^()\s]|\([^()\s]{0,200}\)){0,1000}(?:[ ]\"[^\"\n]{0,200}\")?\)"
    r"|\[[^\[\]\n]{0,100}\]))",
    r"(?P<autolink><(?P<href>(?:https?://|mailto:)?[^<>\s]{3,500}[.@][^<>\s]{1,500})>)",
    r"(?P<definition>(?m:^)[ ]{0,3}\[[^\[\]\n]{1,100}\]:[ ]\S{1,1000}(?:[ ]\"[^\"\n]{0,200}\")?(?=\n|\Z))",
    r"(?P<direction>\[(?P<staged>[^\W\d_][\w ]{1,30})\]|(?<![*\w])\*(?P<starred>[^\W\d_][\w ]{1,30})\*(?![*\w])"
    r"|(?<!\w)\((?P<aside>[^\W\d_][\w ]{1,30})\))",
    r"(?P<entity>&(?:[A-Za-z]{2,8}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});)",
    r"(?P<code>`{1,3}(?=[^`\n])|(?<=[^`\n\s])`{1,3})",
    rf"(?P<strike>~~(?=\S)|(?<=\S)~~|==(?=[\w{_EDGES}])|(?<=[\w.,!?;:”\"’)])==(?!=))",
    rf"(?P<emphasis>(?<![\w*])\*{{1,3}}(?=[\w{_EDGES}~`])|(?<=[\w.,!?;:…”\"’')\]»~`])\*{{1,3}}(?![\w*])|(?<![\w_])_{{1,3}}(?=[\w{_EDGES}])|(?<=[\w.,!?;:…”\"’')\]»])(?<!_)_{{1,3}}(?![\w_]))",
    r"(?P<escape>\\(?=[*_`~\[\](){}#+\-.!|<>\\]))",
    rf"(?P<broken>(?<=[^\W\d_])[-‐\u00ad]{HIDDEN}*[ \t]*(?:\r\n|[\n\r])[ \t]*(?=[a-zß-öø-ÿ]))",
    r"(?P<item>(?:(?:\r\n|[\n\r\u2028\u2029])[ \t\u2060]*|\A[ \t\u2060]*)"
    r"(?P<bullet>[-*+•‣◦▪·–—](?:[ \t]+\[[ xX]\])?(?=[ \t]+\S)"
    r"|(?P<counter>\d{1,3}|[a-zA-Z])[.)](?=[ \t]+\S))[ \t]+)",
    r"(?P<row>(?:(?:\r\n|[\n\r\u2028\u2029])[ \t\u2060]*)+(?=\|)|\A[ \t]*(?=\|[^|\n]{0,500}\|))",
    r"(?P<cell>[ \t]*\|[ \t]*)",
    r"(?P<quote>(?m:^)[ \t]{0,3}(?:>[ ]?){1,6})",
    r"(?P<line>[ \t]*(?:\\?(?:\r\n|[\n\r\u2028\u2029]))[\s\u2060]*)",
    rf"(?P<space>[{_INVISIBLE}]*[\s\u1680\u180e\u2800\u3164][\s{_INVISIBLE}]*)",
    rf"(?P<nothing>[{_INVISIBLE}\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]+)",
)
_WORD_BEFORE = re.compile(r"([^\W\d_]{1,40})\Z")
_NARROW_GROUP = re.compile(rf"(?<=\d)[{NARROW}](?=\d{{3}}(?!\d))")
_ENDED = re.compile(r"[.!?:;,…。！？：；，、\x1e\x1f][\"'”’»)\]]*\s*\Z")


@cache
def _rules() -> re.Pattern[str]:
    """Compile the pattern at the first text, not at the start of the studio."""
    return re.compile("|".join(_RULES))


def plain(source: str, language: Language | None, verse: bool = False, tags: bool = False) -> Traced:
    """Return the paragraph without its markup.

    Args:
        verse: each line end is a pause.
        tags: keep stage directions in brackets, because the engine performs them.
    """
    tracer = Tracer(source)
    table = _is_table(source)
    at = 0
    while found := _rules().search(source, at):
        kind = found.lastgroup or ""
        handler = _HANDLERS.get(kind)
        if kind in ("row", "cell") and not table:
            at = found.start() + 1
            continue
        done = handler(tracer, found, language, verse, tags) if handler else _drop(tracer, found, kind)
        at = done if done > found.start() else found.start() + 1
    return tracer.finish()


def _is_table(source: str) -> bool:
    """Return whether a line begins with a bar, as every row of a table does here."""
    return source.lstrip(" \t\u2060").startswith("|") or re.search(r"[\n\r][ \t]{0,3}\|", source) is not None


def _drop(tracer: Tracer, found: re.Match[str], kind: str) -> int:
    tracer.replace(found.start(), found.end(), "", _REASONS.get(kind, "markup"))
    return found.end()


def _image(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    return _named(tracer, found, "alt")


def _link(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    """Keep the link's text and drop the address; markup within the text is handled next."""
    tracer.replace(found.start(), found.start("name"), "", "markup")
    end = found.end()
    inner = plain(found["name"], None)
    base = found.start("name")
    for piece in inner.pieces:
        if not piece.copied:
            tracer.replace(base + piece.source_start, base + piece.source_end, inner.text[piece.start : piece.end], piece.why)
    tracer.replace(found.end("name"), end, "", "link address")
    return end


def _autolink(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    return _named(tracer, found, "href")


def _named(tracer: Tracer, found: re.Match[str], group: str) -> int:
    tracer.replace(found.start(), found.start(group), "", "markup")
    tracer.replace(found.end(group), found.end(), "", "link address" if group == "alt" else "markup")
    return found.end()


def _direction(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    words = (found["staged"] or found["starred"] or found["aside"]).lower().replace(" ", "_").split("_")
    known = language.listed("stage_directions") if language else frozenset[str]()
    whole = "_".join(words)
    if tags or not (whole in known or (found["aside"] is None and words[0] in known)):
        if found["staged"] is not None and not tags:  # an editor's brackets: the words are the author's
            tracer.replace(found.start(), found.start() + 1, "", "markup")
            tracer.replace(found.end() - 1, found.end(), "", "markup")
            return found.end()
        if found["starred"] is not None:
            return _drop_ends(tracer, found)
        return found.start() + 1
    spaced = found.string[found.start() - 1 : found.start()] in (" ", "") and found.string[found.end() : found.end() + 1] == " "
    end = found.end() + 1 if spaced else found.end()
    tracer.replace(found.start(), end, "", "stage direction")
    return end


def _drop_ends(tracer: Tracer, found: re.Match[str]) -> int:
    tracer.replace(found.start(), found.start() + 1, "", "markup")
    tracer.replace(found.end() - 1, found.end(), "", "markup")
    return found.end()


def _entity(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    said = html.unescape(found[0])
    if said == found[0]:
        return found.end()
    tracer.replace(found.start(), found.end(), " " if said.isspace() else said, "markup")
    return found.end()


def _broken(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    """Join a word that was hyphenated at the end of a line; a compound keeps its hyphen."""
    before = _WORD_BEFORE.search(found.string, max(0, found.start() - 40), found.start())
    compound = language is not None and before is not None and before[1].lower() in language.listed("compound_prefixes")
    tracer.replace(found.start(), found.end(), "-" if compound else "", "markup")
    return found.end()


def _item(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    counter = found["counter"]
    said = f"{counter}{found['bullet'][-1]} " if counter else ""
    mark = "" if found.start() == 0 else ITEM_BREAK
    if counter and not counter.isdigit() and not _is_list(found):
        return _line(tracer, found, None, False, False) if found[0][0] in "\r\n\u2028\u2029" else found.end()
    tracer.replace(found.start(), found.end(), mark + said, "markup")
    return found.end()


def _is_list(found: re.Match[str]) -> bool:
    """Return whether a letter with a bracket counts list items; "A. Smith" at the start of a line does not."""
    return found["bullet"].endswith(")")


def _row(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    end = re.compile(r"\|[ \t]*").match(found.string, found.end())
    last = end.end() if end else found.end()
    tracer.replace(found.start(), last, ITEM_BREAK if found.start() else "", "markup")
    return last


def _cell(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    ends = found.string[found.end() : found.end() + 1] in ("", "\n", "\r")
    tracer.replace(
        found.start(),
        found.end(),
        "" if ends or _ENDED.search(found.string[max(0, found.start() - 8) : found.start()]) else ", ",
        "markup",
    )
    return found.end()


def _line(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    quoted = re.compile(r"(?:>[ ]?){1,6}").match(found.string, found.end())
    end = quoted.end() if quoted else found.end()
    text = found["line"] if found.lastgroup == "line" else found[0]
    start, last = found.start(), found.start() + len(text) if found.lastgroup == "line" else found.start() + 1
    tracer.replace(start, end if found.lastgroup == "line" else last, LINE_BREAK if verse else " ", "space")
    return end if found.lastgroup == "line" else last


def _space(tracer: Tracer, found: re.Match[str], language: Language | None, verse: bool, tags: bool) -> int:
    inner = found[0]
    if len(inner) == 1 and (inner == " " or inner in NARROW):
        return found.end()
    tracer.replace(found.start(), found.end(), " ", "space")
    return found.end()


_Handler = Callable[[Tracer, re.Match[str], Language | None, bool, bool], int]
_HANDLERS: dict[str, _Handler] = {
    "image": _image, "link": _link, "autolink": _autolink, "direction": _direction, "entity": _entity, "broken": _broken,
    "item": _item, "row": _row, "cell": _cell, "line": _line, "space": _space,
}  # fmt: skip
_REASONS = {"note": "note mark", "definition": "link address", "nothing": "invisible"}
