"""Links, addresses, signs and emoji in words."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property

from media.text.reading.language import NARROW, Language
from media.text.reading.rules.amounts import DASH, SUPERSCRIPTS, VULGAR, fraction_of
from media.text.reading.rules.figures import Figures
from media.text.reading.rules.scene import Said, Scene
from media.text.reading.rules.words import roman_value

SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
EMOJI = (
    r"[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\U0001f004\U0001f0cf\u2600-\u27bf\u2b05-\u2b55\u231a\u231b\u23e9-\u23fa\u3030\u303d]"
    r"[\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2640\u2642\u2695\u2764]*+"
)
_SUBSCRIPT = str.maketrans(SUBSCRIPTS, "0123456789")
_SUPERSCRIPT = str.maketrans(SUPERSCRIPTS, "0123456789")
_EMOJI = re.compile(EMOJI)
_TOKEN_BEFORE = re.compile(r"[^\s<>()\"“”„«»]*\Z")
_TOKEN_AFTER = re.compile(r"[^\s<>\"“”«»]*")
_LONGEST_TOKEN = 300
_ADDRESS = re.compile(
    r"(?P<protocol>(?:https?|ftp)://)?(?P<user>[\w.+%-]{1,64}@)?(?P<host>(?:[\w-]{1,63}\.){1,8}(?P<suffix>[a-zA-Z]{2,10}))(?P<rest>(?::\d+)?(?:[/?#]\S*)?)\Z"
)
_PARTS = re.compile(r"[^\W_]+|[\W_]")
_SHORTEST_NOTED = 2
_LONGEST_PRODUCT = 3
_VOWEL = re.compile(r"[aeiouyà-öø-ÿ]", re.IGNORECASE)


class Signs:
    """The rules of one language."""

    def __init__(self, language: Language, figures: Figures) -> None:
        self.language, self.figures, self.numbers = language, figures, language.numbers
        self.links = language.table("link_signs")

    def address(self, scene: Scene, at: int) -> Said | None:
        """Read a link, an e-mail address, a domain or a file name around a position, with its signs by name."""
        text = scene.text
        before = _TOKEN_BEFORE.search(text, max(0, at - _LONGEST_TOKEN), at)
        start = before.start() if before else at
        found = _TOKEN_AFTER.match(text, at, min(len(text), at + _LONGEST_TOKEN))
        end = found.end() if found else at
        while end > start and text[end - 1] in ".,;:!?'’)]}*…":
            end -= 1
        match = _ADDRESS.match(text[start:end])
        if match is None or not self._is_address(match):
            return None
        return Said(start, end, self._spelt_out(match), "address")

    def _is_address(self, match: re.Match[str]) -> bool:
        suffix = match["suffix"].lower()
        known = suffix in self.language.listed("bare_suffixes") or suffix in self.language.listed("file_suffixes")
        return bool(match["protocol"] or match["user"] or match["host"].startswith("www.") or (known and len(match["host"]) > 4))

    def _spelt_out(self, match: re.Match[str]) -> str:
        whole = (match["user"] or "") + match["host"].removeprefix("www.") + match["rest"].rstrip("/")
        return " ".join(filter(None, (self._part(part) for part in _PARTS.findall(whole))))

    def _part(self, part: str) -> str:
        if part in self.links:
            return str(self.links[part])
        if part.isdigit():
            return self.numbers.digits(part) if part[0] == "0" or len(part) > 4 else self.numbers.cardinal(part)
        if part.lower() in self.language.listed("spelt_in_links"):
            return ".".join(part.upper())
        return part if part.isalnum() else ""

    def sign(self, scene: Scene, at: int) -> Said | None:
        """Read one sign by name or by context: a minus, a range, a power, a note reference."""
        character, text = scene.text[at], scene.text
        if character in DASH:
            return self._dash(scene, at)
        if character in SUPERSCRIPTS:
            return self._superscript(scene, at)
        if character in SUBSCRIPTS:
            return Said(at, at + 1, f" {self.numbers.cardinal(character.translate(_SUBSCRIPT))} ", "number")
        if character in VULGAR and (written := fraction_of(character)):
            return self.figures.part_of_unit(text, at, at + 1, written)
        if found := _EMOJI.match(text, at):
            return Said(at, found.end(), " ", "emoji")
        if said := self._compatible(scene, at):
            return said
        return self._named(scene, at)

    def _named(self, scene: Scene, at: int) -> Said | None:
        text, character = scene.text, scene.text[at]
        figure_follows = re.match(rf"[{NARROW} ]?[\d{VULGAR}]", text[at + 1 : at + 3]) is not None
        figure_before = re.search(rf"\d[{NARROW} ]?\Z", text[max(0, at - 2) : at]) is not None
        table = self.language.table("signs_before_figures")
        name = table.get(character) if figure_follows and not figure_before else None
        if name is None and character == "#" and re.match(r"[^\W\d_]", text[at + 1 : at + 2]):
            name = self.language.words.get("hashtag")
        if name is None:
            name = self.language.table("signs").get(character)
        return None if name is None else Said(at, at + 1, f" {name} " if name else " ", "sign")

    def _dash(self, scene: Scene, at: int) -> Said | None:
        """Read a minus before a number, or the "to" of a range."""
        text = scene.text
        after = text[at + 1 : at + 3]
        if not re.match(rf"[ ]?[\d{VULGAR}$€£¥.]", after):
            return None
        before = scene.before(at)
        if not before or before in f" \n\t([{{\"“'‘«=<>≤≥±~:/{NARROW}":
            lone = text[at] in "-‐‑" or after[0] != " "
            spaced = after[0] == " " or (
                at > 1 and before == " " and text[at] not in "−" and re.search(r"\d \Z", text[max(0, at - 2) : at])
            )
            if spaced and text[at] != "−" and re.search(r"[\d%°] \Z", text[max(0, at - 2) : at]) and after[0] == " ":
                return self._to(at - 1, at + 2)
            return Said(at, at + 1, self.language.words.get("minus", "") + " ", "sign") if lone and after[0] != " " else None
        if (before.isdigit() or before in "%°€$£CFmgh" + VULGAR) and after[0] != " " and _FIGURE_BEFORE.search(scene.near(at)):
            return self._to(at, at + 1)
        if before == "." and after[0] != " " and _HALF_DAY_BEFORE.search(scene.near(at)):
            return self._to(at, at + 1)
        return None

    def _to(self, start: int, end: int) -> Said:
        return Said(start, end, f" {self.language.words.get('to', '')} ", "range")

    def _superscript(self, scene: Scene, at: int) -> Said:
        """Read a power after a number, a bracket, a letter or a product of letters; after a word or sentence it is a note
        reference.
        """
        text = scene.text
        found = re.match(rf"[{SUPERSCRIPTS}]+", text[at : at + 8])
        end = at + (found.end() if found else 1)
        letters = re.search(r"[^\W\d_]{1,40}\Z", scene.near(at))
        word = letters[0] if letters else ""
        product = bool(word) and len(word) <= _LONGEST_PRODUCT and not _VOWEL.search(word)
        power = scene.before(at).isdigit() or scene.before(at) == ")" or len(word) == 1 or product
        if power:
            return Said(at, end, " " + self.figures.amounts.power(text[at:end].translate(_SUPERSCRIPT)), "number")
        return Said(at, end, "", "note mark")

    def _compatible(self, scene: Scene, at: int) -> Said | None:
        """Read number forms of one character: Ⅷ, ①."""
        character = scene.text[at]
        if not ("\u2160" <= character <= "\u217f" or "\u2460" <= character <= "\u24ff"):
            return None
        plain = unicodedata.normalize("NFKC", character).strip("().")
        value = str(roman_value(plain.upper()) or plain)
        return Said(at, at + 1, f"{self.numbers.cardinal(value)} " if value.isdigit() else plain, "Roman numeral")

    @cached_property
    def characters(self) -> str:
        """Every character for which `sign` has a rule."""
        named = "".join(self.language.table("signs")) + "".join(self.language.table("signs_before_figures"))
        return "".join(dict.fromkeys(f"{DASH}{SUPERSCRIPTS}{SUBSCRIPTS}{VULGAR}{named}"))


_HALF_DAY_BEFORE = re.compile(r"\d ?[ap]\.m\.\Z")
_FIGURE_BEFORE = re.compile(rf"(?<![^\W\d_])(?:[$€£¥]?[\d.,{VULGAR}]{{1,40}} ?(?:%|°[CF]?|[€$£]|[a-z]{{1,3}})?)\Z|\d\Z")
