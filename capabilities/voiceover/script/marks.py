"""The marks of the script language in one line: headings, labels, pauses, settings. Each is parsed in time linear in the length
of the line, because the text is untrusted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from capabilities.voiceover.script.abbreviations import is_title
from studio.errors import InvalidInput

DEFAULT_PAUSE = 1.0
LONGEST_PAUSE = 600.0
_LONGEST_QUOTE = 80

EDGE = r"[\s\ufeff\u200b\u2060]*+"
_BLANKS = " \t\u00a0\u202f\u2009"
_MARKS = re.compile(rf"{EDGE}(?P<marks>#++)(?P<space>[{_BLANKS}]*+)")
# No repetition gives back what it took (++, *+): what follows cannot begin with it, and a line is read once, however long it is.
_NAME_CHARACTERS = r"[^\s:：()\[\]{}<>\"“”„«»「」『』【】,;!?…。，！？；*_#|/\\=+]"
_NAME = rf"(?P<name>[^\W\d_]{_NAME_CHARACTERS}*+(?:[{_BLANKS}]++(?:[^\W_]|&){_NAME_CHARACTERS}*+){{0,5}})"
_NOTES = rf"[{_BLANKS}]*+(?:\((?P<notes>[^()]*+)\)|\[(?P<aside>[^\[\]]*+)\])?[{_BLANKS}]*+"
_COLON = r"(?::(?=\s|\Z)|：)"
_BULLET = rf"(?:[-–—•>][{_BLANKS}]++)?"
_LABEL = re.compile(rf"{EDGE}{_BULLET}{_NAME}{_NOTES}{_COLON}{EDGE}")
_BOLD_LABEL = re.compile(
    rf"{EDGE}{_BULLET}(?P<mark>\*{{1,3}}+|_{{1,3}}+){_NAME}{_NOTES}(?:[:：](?P=mark)|(?P=mark)[{_BLANKS}]*+(?:\((?P<late>[^()]*+)\))?[{_BLANKS}]*+{_COLON}){EDGE}"
)
_BRACKET_LABEL = re.compile(
    rf"{EDGE}[\[【][{_BLANKS}]*+{_NAME}[{_BLANKS}]*+(?:\((?P<notes>[^()]*+)\))?[{_BLANKS}]*+[\]】](?!\()[{_BLANKS}]*+{_COLON}?{EDGE}"
)
_LONGEST_NAME, _MOST_WORDS = 40, 3
_PAUSE = re.compile(rf"\[[{_BLANKS}]*+pause\b", re.IGNORECASE)
_LENGTH = re.compile(
    r"\s*+(?P<number>\d{1,20}(?:[.,]\d{1,20})?|[.,]\d{1,20})\s*+(?P<unit>ms|milliseconds?|s|sec|secs|seconds?)?\s*+\Z",
    re.IGNORECASE,
)
_SETTING_KEY = re.compile(r"[A-Za-z_]\w*")


_SCENE_MARKS = frozenset("*-_~=#+•·–—―─⁂❦❧☙✻✽✶✳＊※◇◆○●□■★☆§" + _BLANKS)
_ORNAMENTS = frozenset("⁂❦❧☙※◇◆★☆")


def is_scene_break(line: str) -> bool:
    """Return whether a line has only three or more marks, or an ornament: ***, * * *, ---, # # #, ⁂."""
    marks = line.strip()
    if not marks or marks[0] not in _SCENE_MARKS or not _SCENE_MARKS.issuperset(marks):
        return False
    seen = "".join(marks.split())
    return len(seen) >= 3 or seen[0] in _ORNAMENTS


@dataclass(frozen=True)
class Label:
    """A possible speaker's label at the start of a line: the name, the notes in brackets beside it, the position of the text.

    `bracketed`: it was written as [Anna], which may also be a stage direction.
    """

    name: str
    notes: str
    end: int
    bracketed: bool = False


def label_in(line: str) -> Label | None:
    """Return the label at the start of a line, in any common form:

    `Anna:`, `Anna (off):`, `Anna [off]:`, `**Anna:**`, `**Anna**:`, `[Anna]`, `[Anna]:`, `- Anna:`, with a full-width colon too.
    """
    if found := _LABEL.match(line) or _BOLD_LABEL.match(line):
        notes = next(filter(None, (found.groupdict().get(group) for group in ("notes", "aside", "late"))), "")
        label = Label(found.group("name").rstrip(), notes, found.end())
    elif found := _BRACKET_LABEL.match(line):
        label = Label(found.group("name").rstrip(), found.group("notes") or "", found.end(), bracketed=True)
    else:
        return None
    return label if _is_name(label.name) else None


def _is_name(name: str) -> bool:
    """Short, no sentence that ends inside, and more than three words only where they are written as a name."""
    words = name.split()
    if len(name) > _LONGEST_NAME or any(word.endswith(".") and not is_title(word) for word in words[:-1]):
        return False
    return len(words) <= _MOST_WORDS or sum(word[0].islower() for word in words) <= 2 < sum(word[0].isupper() for word in words)


def title_in(line: str) -> tuple[int, int] | None:
    """Return the position of a heading's title in its line, without the marks at both ends; None if the line is no heading."""
    found = _MARKS.match(line)
    if found is None:
        return None
    first = found.end()
    last = len(line.rstrip(_BLANKS).rstrip("#").rstrip(_BLANKS))
    few = len(found.group("marks")) <= 6
    if last <= first:  # marks alone: a heading whose title is missing
        return (first, first) if few or first == len(line) else None
    return (first, last) if few and found.group("space") else None


def pause_in(line: str, at: int) -> tuple[int, int, str] | None:
    """Return the next pause: its start and end in the line, and its length as written."""
    found = _PAUSE.search(line, at)
    end = line.find("]", found.end()) if found else -1
    return None if found is None or end < 0 else (found.start(), end + 1, line[found.end() : end])


def seconds_of(pause: str, length: str, number: int) -> float:
    """Return the length of a pause in seconds; errors name the line `number`."""
    if not length.strip():
        return DEFAULT_PAUSE
    found = _LENGTH.match(length)
    if not found:
        raise InvalidInput("script.pause-no-time", line=number, pause=_brief(pause))
    seconds = float(found.group("number").replace(",", ".")) * (
        0.001 if (found.group("unit") or "").lower().startswith("m") else 1
    )
    if seconds > LONGEST_PAUSE:
        raise InvalidInput("script.pause-too-long", line=number, pause=_brief(pause), longest=LONGEST_PAUSE)
    return seconds


def settings_of(notes: str, number: int) -> tuple[tuple[tuple[str, str], ...], str]:
    """Parse the parentheses of a label: settings (key=value) and a style (everything else)."""
    settings: list[tuple[str, str]] = []
    style: list[str] = []
    for part in filter(str.strip, notes.split(",")):
        if "=" not in part:
            style.append(part.strip())
            continue
        key, _, value = (each.strip() for each in part.partition("="))
        if not _SETTING_KEY.fullmatch(key) or not value or "=" in value:
            raise InvalidInput("script.no-setting", line=number, setting=_brief(part.strip()))
        settings.append((key, value))
    keys = sorted(key for key, _ in settings)
    for one, other in pairwise(keys):
        if one == other:
            raise InvalidInput("script.set-twice", line=number, setting=_brief(one))
    return tuple(settings), ", ".join(style)


def _brief(words: str) -> str:
    """Return a part of a script, shortened for a message."""
    return words if len(words) <= _LONGEST_QUOTE else f"{words[:_LONGEST_QUOTE]}…"
