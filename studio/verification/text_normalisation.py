"""Normalisation of texts for comparison: the expected and the recognised text as the same plain words.

Case, punctuation and optional accents are removed; figures, ordinals, money and percentages become words; common English
contractions and titles are written out. Two texts that sound the same shall compare as equal.
"""

from __future__ import annotations

import re
from functools import lru_cache

from media.text.reading.numbers import in_words
from studio.normal_forms import normalised

_CONTRACTIONS = {
    "can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not", "let's": "let us", "ain't": "is not",
    "it's": "it is", "that's": "that is", "there's": "there is", "here's": "here is", "what's": "what is", "who's": "who is",
    "where's": "where is", "he's": "he is", "she's": "she is", "gonna": "going to", "wanna": "want to", "okay": "ok",
}  # fmt: skip
_ENDINGS = (("n't", " not"), ("'re", " are"), ("'ve", " have"), ("'ll", " will"), ("'d", " would"), ("'m", " am"))
_TITLES = {"mr": "mister", "mrs": "misses", "dr": "doctor", "prof": "professor", "vs": "versus", "etc": "et cetera", "&": "and"}
_SIGNS = {"%": " percent ", "&": " and ", "+": " plus ", "=": " equals ", "@": " at "}
_MONEY = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen"}

_MONEY_AMOUNT = re.compile(r"([$€£¥])\s?(\d[\d,]*(?:\.\d+)?)")
_ORDINAL = re.compile(r"\b(\d[\d,]{0,24})(st|nd|rd|th)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_YEAR = re.compile(r"(?<![\d.,])(1[1-9]\d\d|20[1-9]\d)(?![\d.,]\d|\d)")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_WRITTEN_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_LARGEST = 10**15


def comparable_words(text: str, language: str = "en", *, contracted: bool = False) -> tuple[str, ...]:
    """Return the words of a text in the form in which texts are compared.

    Scripts that are written without spaces are compared by character: their word error rate is a character error rate.

    Args:
        contracted: keep English contractions, for a recogniser that is given the expected words: "don't" has no "do" in it.
    """
    tag = language.split("-")[0].lower()
    plain = normalised("NFKC", text).replace("’", "'").replace("‘", "'").lower()
    if tag == "en":
        plain = _MONEY_AMOUNT.sub(lambda found: f"{found[2]} {_MONEY[found[1]]}", plain)
        for sign, word in _SIGNS.items():
            plain = plain.replace(sign, word)
    plain = _numbers_in_words(plain, tag)
    if tag == "en":
        plain = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", plain)
    words = [part for word in _WORD.findall(plain) for part in _spoken(word, tag, contracted=contracted)]
    return tuple(sign for word in words for sign in (word if _WRITTEN_WITHOUT_SPACES.search(word) else (word,)))


def _spoken(word: str, tag: str, *, contracted: bool) -> list[str]:
    if tag != "en" or (contracted and ("'" in word or word in _CONTRACTIONS)):
        return [word]
    if word in _CONTRACTIONS:
        return _CONTRACTIONS[word].split()
    for ending, full in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending):
            return (word[: -len(ending)] + full).split()
    return [_TITLES.get(word, word).replace("'s", "s")]


def _numbers_in_words(text: str, tag: str) -> str:
    if not any(character.isdigit() for character in text):
        return text
    if tag == "en":
        text = _ORDINAL.sub(lambda found: f" {_said(found[1].replace(',', ''), tag, 'ordinal')} ", text)
        text = _YEAR.sub(lambda found: f" {_said(found[1], tag, 'year')} ", text)
    return _NUMBER.sub(lambda found: f" {_said(_figure(found[0], tag), tag, 'cardinal')} ", text)


def _figure(written: str, tag: str) -> str:
    if tag == "en":
        return written.replace(",", "") if _GROUPED.fullmatch(written) or "," in written else written
    return written.replace(".", "").replace(",", ".") if "," in written else written.replace(".", "")


@lru_cache(maxsize=4096)
def _said(figure: str, tag: str, form: str) -> str:
    """A figure in words; itself where it is too large or the language is not known."""
    try:
        value = float(figure) if "." in figure else int(figure)
    except ValueError:  # digits of a script that has no such figure, or more of them than int takes
        return figure
    said = in_words(value, tag, form) if abs(value) < _LARGEST else None
    if said is None:
        return figure
    return re.sub(r"\band\b", " ", said).replace("-", " ").replace(",", " ") if tag == "en" else said.lower()
