"""Abbreviations, acronyms and Roman numerals in words."""

from __future__ import annotations

import re

from media.text.reading.rules.scene import Said, Scene

_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\Z")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_VOWEL = re.compile(r"[AEIOUYÄÖÜÉÈÀÁÍÓÚ]")
_FIGURE_FOLLOWS = re.compile(r"[ \u00a0\u2009\u202f\n]{0,2}(?:\d|[IVXLC]{1,6}\b|[\u2160-\u2188])")
_CAPITALS_BEFORE = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,})[ ,'’\"-]{1,3}\Z")
_CAPITALS_AFTER = re.compile(r"[ ,!'’\"-]{1,3}([^\W\d_]{2,})")
_ALWAYS_SHORT = 3


def abbreviation(scene: Scene, start: int, end: int) -> Said | None:
    """Read a word with a full stop, text[start:end], as what it abbreviates, by its context."""
    language, text = scene.language, scene.text
    short = text[start : end - 1]
    previous = scene.word_beside(start)
    if _FIGURE_FOLLOWS.match(text, end) and (full := language.table("before_figures").get(short)):
        return Said(start, end, full, "abbreviation")
    if scene.name_follows(end) and (full := language.table("titles").get(short)):
        return Said(start, end, full, "abbreviation")
    named = scene.name_follows(end) and scene.word_after(end) not in language.listed("openers")
    if named and (full := language.table("before_names").get(short)):
        return Said(start, end, full, "abbreviation")
    full = language.table("after_names").get(short) if scene.is_name(previous) and text[start - 1 : start] == " " else None
    if full is None and (month := language.table("month_abbreviations").get(short)):
        full = language.months[int(month) - 1]
    if full is None:
        full = next(
            (
                short.removesuffix(end_) + str(full_)
                for end_, full_ in language.table("word_endings").items()
                if short.endswith(end_)
            ),
            None,
        )
    full = full or language.table("weekday_abbreviations").get(short) or language.table("plain").get(short)
    return Said(start, end, _with_stop(scene, end, short, full), "abbreviation") if full else None


def _with_stop(scene: Scene, end: int, short: str, full: str) -> str:
    goes_on = short in scene.language.listed("never_last") and scene.text[end:].strip()
    return f"{full}." if scene.sentence_ends(end) and not goes_on else full


def bare_title(scene: Scene, start: int, end: int) -> Said | None:
    """Read a title written without its full stop: "Dr Smith"."""
    full = scene.language.table("without_stop").get(scene.text[start:end])
    return Said(start, end, full, "abbreviation") if full else None


def capitals(scene: Scene, start: int, end: int) -> Said | None:
    """Read a word in capitals, text[start:end]: letter by letter, or as a shouted word."""
    language, word = scene.language, scene.text[start:end]
    stem = word[:-1] if word[-1:] == "s" and len(word) > _ALWAYS_SHORT - 1 else word
    if stem in language.table("capitals"):
        return Said(start, end, str(language.table("capitals")[stem]), "acronym")
    if stem in language.listed("words_in_capitals"):
        return None
    everyday, shouted = stem in language.listed("everyday_capitals"), _shouted(scene, start, end)
    if stem in language.listed("spelt") and not (everyday or (shouted and stem in language.listed("also_words"))):
        return _spelt(start, end, stem, word)
    if everyday or (shouted and _VOWEL.search(stem)):
        return Said(start, end, word.lower(), "acronym") if shouted and len(stem) <= _ALWAYS_SHORT else None
    if len(stem) <= _ALWAYS_SHORT or not _VOWEL.search(stem):
        return _spelt(start, end, stem, word)
    return None


def _spelt(start: int, end: int, stem: str, word: str) -> Said:
    """Return letters with full stops in between, so that no engine reads an A as an article or the whole as a word."""
    return Said(start, end, ".".join(stem) + ("s" if word != stem else ""), "acronym")


def _shouted(scene: Scene, start: int, end: int) -> bool:
    before, after = _CAPITALS_BEFORE.search(scene.near(start)), _CAPITALS_AFTER.match(scene.text, end)
    known = scene.language.listed("spelt") | scene.language.listed("words_in_capitals")
    around = [found[1] for found in (before, after) if found]
    return any(word.isupper() and word not in known for word in around)


def roman_value(numeral: str) -> int:
    """Return the value of a Roman numeral, 0 if it is none."""
    if not numeral or not _ROMAN.match(numeral):
        return 0
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(-one if one < next_one else one for one, next_one in zip(values, [*values[1:], 0], strict=True))


def roman(scene: Scene, start: int, end: int) -> Said | None:
    """Read a Roman numeral: a ruler's number as an ordinal, a chapter's as a number; alone it is an ordinary word."""
    language, numeral = scene.language, scene.text[start:end]
    value = roman_value(numeral)
    previous = scene.word_before(start)
    if not value or not previous:
        return None
    ordinal = language.words.get("ordinal_name", "")
    if previous in language.listed("roman_names"):
        if len(numeral) == 1 and not _names_a_ruler(scene, start, end, previous):
            return None
        named = str(language.table("first").get("m") or "") if value == 1 else ""
        words = ordinal.format(ordinal=named or language.numbers.ordinal(str(value))) if _is_ordinal(scene, value) else ""
        return Said(start, end, words or language.numbers.cardinal(str(value)), "Roman numeral")
    if previous.lower().rstrip(".") in language.listed("roman_before") or (
        len(numeral) > 1 and scene.is_name(previous) and _sure(numeral)
    ):
        return Said(start, end, language.numbers.cardinal(str(value)), "Roman numeral")
    return None


def roman_ordinal(scene: Scene, start: int, end: int) -> Said | None:
    """Read a Roman numeral with the ending of an ordinal: "XVIIIe siècle"."""
    found = _WITH_ENDING.match(scene.text, start, end)
    value = roman_value(found[1]) if found else 0
    if found is None or not value or found[1] in "LCDM":
        return None
    first = scene.language.table("first")
    words = (
        str(first["f" if found[2] in ("re", "ère") else "m"])
        if first and value == 1
        else scene.language.numbers.ordinal(str(value))
    )
    return Said(start, end, words, "Roman numeral")


_WITH_ENDING = re.compile(r"([IVXLCDM]+)(er|re|ère|ème|e|ᵉ|ᵉʳ)")


def _is_ordinal(scene: Scene, value: int) -> bool:
    limit = scene.language.text("roman_ordinals_to")
    return not limit or value <= int(limit)


def _sure(numeral: str) -> bool:
    """Return whether a numeral is no word or abbreviation as well: CD, DC, MD, MM, MI, DI, LI, XL."""
    return numeral not in {
        "CD",
        "DC",
        "MD",
        "MM",
        "CC",
        "CM",
        "MI",
        "DI",
        "LI",
        "MIX",
        "XL",
        "XXL",
        "DVI",
        "CV",
        "MC",
        "DM",
        "ID",
        "LCD",
    }


def _names_a_ruler(scene: Scene, start: int, end: int, name: str) -> bool:
    """Return whether a single letter after a name is its number: "Elizabeth I of", "King Charles I", not "what Mary I think"."""
    near = scene.near(start).rstrip()
    title = scene.word_before(start - 1 - len(name)) if near.endswith(name) else ""
    if title in scene.language.listed("roman_titles"):
        return True
    if scene.text[start:end] != "I":
        return not scene.text[end : end + 1].startswith(".")
    rest = scene.text[end : end + 4]
    return rest[:1] in ",;:.)'’" or rest.startswith(" of ") or not rest.strip()
