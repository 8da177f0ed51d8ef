"""Pack the configuration in the page's HTML: what many of its components and events have in common is written once.

Gradio writes each component and each event of the page in full, so the same defaults stand there hundreds of times and the
list of voices once for each picker. The script in tabs/common/templates/head.html expands the configuration before Gradio reads
it, so that the page gets exactly what Gradio wrote. /config, which clients read, is not packed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

_BEGIN = b"window.gradio_config = "
_EXPANDED = b"window.gradio_config = greenroomWhole("

_SHORTEST = 20
"""Shared values with a shorter text are cheaper written again."""

_LISTS = ("components", "dependencies")
"""The parts of the configuration that hold many entries with the same keys."""

_KIND = "type"
_NESTED = "props"

Entry = dict[str, Any]


def packed_page(html: bytes) -> bytes:
    """Return the page with its configuration packed, or unchanged if no configuration is found where Gradio writes it."""
    start = html.find(_BEGIN)
    if start < 0:
        return html
    first = start + len(_BEGIN)
    end = html.find(b"<", first)  # Gradio escapes "<" inside
    try:
        config = json.loads(html[first:end].rstrip().rstrip(b";"))
    except ValueError:
        return html
    if b'"$":' in html[first:end]:  # the mark of a shared value
        return html
    return html[:start] + _EXPANDED + _escaped(_json(packed(config))).encode() + b");" + html[end:]


def packed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration that the script in templates/head.html turns back: {"lists": .., "rest": .., "shared": ..}.

    `lists` contains for each part the usual entry of each kind, and the entries as differences from it: the kind's number, then
    [other values, names of missing ones, the same of `props`] without empty ones at the end. In all of it, a value that occurs
    again is replaced by {"$": n}, its number in `shared`.
    """
    lists = {name: _differences(config[name]) for name in _LISTS if name in config}
    whole = {"lists": lists, "rest": {name: value for name, value in config.items() if name not in lists}}
    return _Sharing(whole).written()


def _differences(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return entries as differences from the most usual values of their kind."""
    kinds: dict[str, list[Entry]] = {}
    for one in entries:
        kinds.setdefault(str(one.get(_KIND)), []).append(one)
    numbers = {kind: number for number, kind in enumerate(kinds)}
    usual = [_usual(ones) for ones in kinds.values()]
    numbered = [(numbers[str(one.get(_KIND))], one) for one in entries]
    return {"usual": usual, "entries": [[number, *_difference(one, usual[number])] for number, one in numbered]}


def _usual(entries: Sequence[Entry]) -> Entry:
    """Return the most usual value of each name that half of the entries have."""
    made: Entry = {}
    for name in dict.fromkeys(name for one in entries for name in one):
        values = [one[name] for one in entries if name in one]
        if len(values) * 2 < len(entries):
            continue
        if name == _NESTED and all(isinstance(value, dict) for value in values):
            made[name] = _usual(values)
        else:
            made[name] = json.loads(Counter(_json(value) for value in values).most_common(1)[0][0])
    return made


def _difference(entry: Entry, usual: Entry) -> list[Any]:
    nested = isinstance(entry.get(_NESTED), dict) and isinstance(usual.get(_NESTED), dict)
    other = {
        name: value
        for name, value in entry.items()
        if not (nested and name == _NESTED) and (name not in usual or _json(usual[name]) != _json(value))
    }
    made = [other, [name for name in usual if name not in entry], _difference(entry[_NESTED], usual[_NESTED]) if nested else []]
    while made and not made[-1]:
        made.pop()
    return made


class _Sharing:
    """Writes values that occur again once."""

    def __init__(self, whole: dict[str, Any]) -> None:
        self._whole = whole
        self._texts: dict[int, str] = {}  # of containers, by identity: all of them live as long as `whole`
        self._counted: Counter[str] = Counter()
        self._count(whole)
        again = (text for text, number in self._counted.most_common() if number > 1)
        self._numbers = {text: number for number, text in enumerate(again)}

    def written(self) -> dict[str, Any]:
        self._originals: list[Any] = [json.loads(text) for text in self._numbers]  # kept: texts are known by identity
        shared = [self._shared_in(value, whole=True) for value in self._originals]
        return {**{name: self._shared_in(part) for name, part in self._whole.items()}, "shared": shared}

    def _text(self, value: Any) -> str:
        """Return the text of a value that is worth sharing, "" for others."""
        if isinstance(value, str):
            return _json(value) if len(value) > _SHORTEST else ""
        if not isinstance(value, dict | list):
            return ""
        known = self._texts.get(id(value))
        if known is None:
            known = self._texts[id(value)] = _json(value)
        return known if len(known) > _SHORTEST else ""

    def _count(self, value: Any) -> None:
        """Count a value; the parts of one that occurs again only once, as they will be written."""
        text = self._text(value)
        if text:
            self._counted[text] += 1
            if self._counted[text] > 1:
                return
        if isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                self._count(part)

    def _shared_in(self, value: Any, whole: bool = False) -> Any:
        """Replace every shared part of a value by its number, and the value itself unless it is taken whole."""
        number = None if whole else self._numbers.get(self._text(value))
        if number is not None:
            return {"$": number}
        if isinstance(value, dict):
            return {name: self._shared_in(part) for name, part in value.items()}
        return [self._shared_in(part) for part in value] if isinstance(value, list) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _escaped(text: str) -> str:
    """JSON in which nothing can end a script, as Gradio writes it."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")
