"""Conversion of SSML to a script: breaks become pauses and paragraphs paragraphs for every engine; other tags are dropped.

W3C Speech Synthesis Markup Language 1.1. An element may span many sentences, which are synthesised one by one, so that its rate,
pitch and emphasis are ignored. The result has the length of the source, so that positions are the same.
"""

from __future__ import annotations

import re

_DOCUMENT = re.compile(r"\s*+(?:<\?xml[^<>]{0,500}\?>\s*+)?<speak[\s>]")
_TAG = re.compile(
    r"<\?xml[^<>]{0,500}\?>|<!--.{0,2000}?-->|</?(?P<name>[A-Za-z][\w:-]{0,30})(?P<rest>(?:\s[^<>]{0,1000})?)>", re.DOTALL
)
_TIME = re.compile(r"""\btime\s*=\s*["']\s*\+?(?P<number>\d{1,6}(?:\.\d{1,6})?)\s*(?P<unit>ms|s)\s*["']""")
_STRENGTH = re.compile(r"""\bstrength\s*=\s*["']\s*(?P<strength>[a-z-]+)\s*["']""")
_STRENGTHS = {"none": "0s", "x-weak": ".1s", "weak": ".2s", "medium": ".4s", "strong": ".8s", "x-strong": "1.2s"}
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": " "}
_ENTITY = re.compile("|".join(_ENTITIES))
_LONGEST_BREAK = 600.0


def is_ssml(script: str) -> bool:
    """Return whether a script is an SSML document."""
    return _DOCUMENT.match(script) is not None


def ssml_as_script(script: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return an SSML document in the script language, of the same length, and the spans [start, end) of its tags."""
    parts: list[str] = []
    tags: list[tuple[int, int]] = []
    at = 0
    for found in _TAG.finditer(script):
        parts += [_plain(script[at : found.start()]), _instead(found)]
        tags.append(found.span())
        at = found.end()
    parts.append(_plain(script[at:]))
    return "".join(parts), tuple(tags)


def _instead(tag: re.Match[str]) -> str:
    """Return a pause, a blank line, or spaces, of the length of the tag."""
    length, name = len(tag.group()), (tag.group("name") or "").lower()
    if name in ("p", "paragraph"):
        return "\n" * length
    pause = _pause(tag.group("rest")) if name == "break" else ""
    return (pause if len(pause) <= length else "").ljust(length)


def _pause(attributes: str) -> str:
    if time := _TIME.search(attributes):
        seconds = float(time.group("number")) * (0.001 if time.group("unit") == "ms" else 1)
        return f"[pause {min(seconds, _LONGEST_BREAK):g}s]"
    strength = _STRENGTH.search(attributes)
    return f"[pause {_STRENGTHS.get(strength.group('strength'), '.4s')}]" if strength else "[pause]"


def _plain(text: str) -> str:
    return _ENTITY.sub(lambda entity: _ENTITIES[entity.group()].ljust(len(entity.group()), "\u200b"), text)
