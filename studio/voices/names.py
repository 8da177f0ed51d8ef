"""Names of voices: which are valid, how they are compared, and similar names for one that does not exist.

A name is what people read and type: any script, stored in Unicode's composed form (NFC), compared exactly and case-sensitively.
Folder names are made from names and never read back as names.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

from media.messages.message import Message
from studio.errors import InvalidInput
from studio.normal_forms import normalised

LONGEST_NAME = 80
_JOINERS = "\u200c\u200d"  # needed inside words of Persian and of Indic scripts, and in emoji
_PATH_CHARACTERS = "/\\"


def composed(text: str) -> str:
    """Return `text` in the form in which names are stored and compared: NFC, without spaces around it."""
    return normalised("NFC", text).strip()


def valid_name(name: str) -> str:
    """Return `name` in its composed form.

    Raises:
        InvalidInput: names what is wrong: empty, too long, a slash or backslash, a leading dot, an invisible character.
    """
    name = composed(name)
    if not name:
        raise InvalidInput("voice.name-missing")
    if len(name) > LONGEST_NAME:
        raise InvalidInput("voice.name-too-long", length=len(name), longest=LONGEST_NAME)
    if any(character in _PATH_CHARACTERS for character in name):
        raise InvalidInput("voice.name-with-slash", name=visible(name))
    if name.startswith("."):
        raise InvalidInput("voice.name-with-dot", name=visible(name))
    if any(_unseen(character) for character in name):
        raise InvalidInput("voice.name-with-invisible", name=visible(name))
    if not any(character.isalnum() or unicodedata.category(character) == "So" for character in name):
        raise InvalidInput("voice.name-without-letter", name=visible(name))
    return name


def _unseen(character: str) -> bool:
    """Return control and format characters, line breaks, surrogates and unassigned code points, except joiners."""
    category = unicodedata.category(character)
    return character not in _JOINERS and (category[0] == "C" or category in {"Zl", "Zp"})


def visible(text: str, longest: int = LONGEST_NAME) -> str:
    """Return `text` for use in a sentence: invisible characters shown as �, cut if long."""
    shown = "".join("�" if _unseen(character) else character for character in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def near_matches(name: str, candidates: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return up to `count` candidates that may have been meant, best first: same except for case and spaces, similar,
    containing."""
    pool = list(dict.fromkeys(candidates))
    wanted = _loose(name[: 2 * LONGEST_NAME])
    if not wanted:
        return ()
    by_loose: dict[str, list[str]] = {}
    for candidate in pool:
        by_loose.setdefault(_loose(candidate), []).append(candidate)
    alike = difflib.get_close_matches(wanted, [key for key in by_loose if key], n=count, cutoff=0.6)
    holding = sorted((key for key in by_loose if min(len(key), len(wanted)) > 2 and (wanted in key or key in wanted)), key=len)
    ordered = [found for key in dict.fromkeys([*alike, *holding]) for found in by_loose[key]]
    return tuple(ordered[:count])


def _loose(name: str) -> str:
    return "".join(normalised("NFKC", name).casefold().split())


def did_you_mean(names: Iterable[str], otherwise: Message) -> Message:
    """Return the hint that names similar names, or `otherwise` if there are none."""
    near = [f"“{visible(name)}”" for name in names]
    return Message.of("voice.did-you-mean", near=near) if near else otherwise


def saved_voices(names: Iterable[str]) -> Message:
    """Return the hint that names the first saved voices."""
    return Message.of("voice.saved-ones", saved=[f"“{visible(name)}”" for name in names][:6])
