"""Names of voices: what may be one, how they are compared, and what stands near a name that does not exist.

A name is what a person reads and types: any script, kept in Unicode's composed form (NFC), compared exactly and with
regard to case. Folder names are made from names and never read back as names.
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
    """`text` in the form in which names are stored and compared: NFC, without spaces around it."""
    return normalised("NFC", text).strip()


def valid_name(name: str) -> str:
    """`name` in its composed form.

    Raises:
        InvalidInput: naming what is wrong: empty, too long, a slash or backslash, a leading dot, a character that cannot be seen.
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
    """Control and format characters, line breaks, surrogates and unassigned code points; joiners excepted."""
    category = unicodedata.category(character)
    return character not in _JOINERS and (category[0] == "C" or category in {"Zl", "Zp"})


def visible(text: str, longest: int = LONGEST_NAME) -> str:
    """`text` fit for a sentence that a person reads: unseen characters shown as �, cut when long."""
    shown = "".join("�" if _unseen(character) else character for character in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def near_matches(name: str, candidates: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Up to `count` candidates that a person may have meant, nearest first: same but for case and spaces, alike, containing."""
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
    """The hint that names near matches, or `otherwise` when there is none."""
    near = [f"“{visible(name)}”" for name in names]
    return Message.of("voice.did-you-mean", near=near) if near else otherwise


def saved_voices(names: Iterable[str]) -> Message:
    """The hint that names the first of the saved voices."""
    return Message.of("voice.saved-ones", saved=[f"“{visible(name)}”" for name in names][:6])
