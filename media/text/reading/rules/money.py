"""Amounts of money in words."""

from __future__ import annotations

import re
from functools import cached_property

from media.text.reading.language import NARROW, Language, Noun
from media.text.reading.numbers import is_one
from media.text.reading.rules.amounts import DASH, Amount, Amounts
from media.text.reading.rules.scene import SPACE, Said, Scene

BARE_DECIMALS = re.compile(r"[.,](\d{1,6})(?!\d)")


class Money:
    """The rules of one language, with its patterns compiled."""

    def __init__(self, language: Language, amounts: Amounts) -> None:
        self.language, self.amounts = language, amounts
        self.numbers, self.words = language.numbers, language.words

    @cached_property
    def _scale(self) -> re.Pattern[str]:
        names = "|".join(sorted(map(re.escape, self.language.table("scales_of_money")), key=len, reverse=True))
        return re.compile(rf"{SPACE}?(?P<scale>{names})(?!\w)") if names else re.compile(r"(?!)")

    @cached_property
    def _scale_word(self) -> re.Pattern[str]:
        words = "|".join(map(re.escape, self.language.listed("scale_words")))
        return re.compile(rf"[- {NARROW}](?P<word>{words})\b") if words else re.compile(r"(?!)")

    @cached_property
    def _coin(self) -> re.Pattern[str]:
        return re.compile(rf"{SPACE}?(?P<sign>{self.signs})(?!\w)")

    @cached_property
    def _money(self) -> re.Pattern[str]:
        return re.compile(rf"(?P<sign>{self.signs}){SPACE}?(?=\d|[.,]\d|[{DASH}]\d)")

    @cached_property
    def signs(self) -> str:
        return "|".join(sorted(map(re.escape, self.language.currencies), key=len, reverse=True)) or "(?!)"

    @cached_property
    def _cent(self) -> re.Pattern[str]:
        names = "|".join(sorted(map(re.escape, self.language.table("cents")), key=len, reverse=True))
        return re.compile(rf"(?P<sign>{names})(?!\w)") if names else re.compile(r"(?!)")

    def before(self, scene: Scene, at: int) -> Said | None:
        """Read an amount with its currency before it: "$1,250.50", "€5–10 million"."""
        found = self._money.match(scene.text, at)
        if found is None or (found["sign"][0].isalpha() and scene.before(at).isalnum()):
            return None
        start, minus = found.end(), ""
        if scene.text[start] in DASH:
            start, minus = start + 1, self.words.get("minus", "") + " "
        if bare := BARE_DECIMALS.match(scene.text, start):
            return self._priced(scene, at, Amount("0", bare[1], "", bare.end()), found["sign"], minus)
        amount = self.amounts.amount(scene.text, start)
        return self._priced(scene, at, amount, found["sign"], minus) if amount else None

    def _priced(self, scene: Scene, at: int, amount: Amount, sign: str, minus: str = "") -> Said:
        noun, coin = self.language.currencies[sign]
        text, end = scene.text, amount.end
        up_to = ""
        if more := re.compile(rf" ?[{DASH}] ?(?:{re.escape(sign)})?(?=\d)").match(text, end):
            second = self.amounts.amount(text, more.end())
            if second and not re.match(rf"[/{DASH}]\d", text[second.end : second.end + 2]):
                up_to = f" {self.words.get('to', '')} {self.amounts.in_words(second)}"
                end = second.end
        scale, end = self._scaled(text, end)
        gender = "f" if noun.feminine else "m"
        if scale or up_to:
            words = f"{self.amounts.in_words(amount)}{up_to}{' ' + scale if scale else ''}"
            return Said(at, end, f"{minus}{words}{self._of(noun.many) if scale else ' ' + noun.many}", "money")
        if coin and len(amount.part) == 2 and amount.part.isdigit():
            return Said(at, end, minus + self._with_coins(amount, noun, coin, gender), "money")
        one = is_one(amount.whole, amount.part) and not amount.fraction
        return Said(at, end, f"{minus}{self.amounts.in_words(amount, gender)} {noun.one if one else noun.many}", "money")

    def _of(self, noun: str) -> str:
        """Return the word between a large number and its noun: "millions d'euros"."""
        joined = self.words.get("of_scale", "")
        elided = self.language.tag == "fr" and noun[0] in "aeiouéh"
        return f" d'{noun}" if elided else f"{joined} {noun}"

    def _with_coins(self, amount: Amount, noun: Noun, coin: Noun, gender: str) -> str:
        one = is_one(amount.whole, "")
        whole = f"{self.numbers.cardinal(amount.whole, gender)} {noun.one if one else noun.many}"
        if not int(amount.part):
            return whole
        coins = self.numbers.cardinal(str(int(amount.part)), "f" if coin.feminine else "m")
        named = (
            ""
            if self.language.text("coins_unnamed") and int(amount.whole)
            else f" {coin.one if int(amount.part) == 1 else coin.many}"
        )
        if not int(amount.whole):
            return coins + named
        return f"{whole}{self.words.get('money_join', ' ')}{coins}{named}"

    def _scaled(self, text: str, end: int) -> tuple[str, int]:
        """Read a word for a large number after an amount of money."""
        if found := self._scale_word.match(text, end):
            return found["word"], found.end()
        if found := self._scale.match(text, end):
            return str(self.language.table("scales_of_money")[found["scale"]]), found.end()
        return "", end

    def behind(self, scene: Scene, at: int, amount: Amount) -> Said | None:
        """Read an amount with its currency after it: "5 Mio. €"; not "3 million euros"."""
        text = scene.text
        scale_end = self._scaled(text, amount.end)[1]
        coin = self._coin.match(text, scale_end) or self._coin.match(text, amount.end)
        if coin:
            return Said(at, coin.end(), self._priced(scene, at, amount, coin["sign"]).words, "money")
        cent = self._cent.match(text, amount.end) if amount.plain else None
        if cent is None:
            return None
        noun = Noun.of(str(self.language.table("cents")[cent["sign"]]))
        said = f"{self.amounts.in_words(amount)} {noun.one if is_one(amount.whole, '') else noun.many}"
        return Said(at, cent.end(), said, "money")

    def scaled(self, text: str, end: int) -> tuple[str, int]:
        """Return an abbreviation of a large number directly after an amount that is no money: "5k", "3M"; "" without one."""
        found = self._scale.match(text, end)
        if (
            found is None
            or found["scale"] not in self.language.table("scales")
            or (text[end] == " " and self.language.tag == "en")
        ):
            return "", end
        return str(self.language.table("scales")[found["scale"]]), found.end()
