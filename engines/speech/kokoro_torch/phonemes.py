"""Conversion of text to Kokoro's phonemes. Imported in the worker only.

Kokoro's own English front end needs spaCy's model en_core_web_sm, which is on no package index and which it would download
itself; if that is not installed, eSpeak NG converts English with the library's own table of differences. eSpeak NG converts all
other languages in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from engines.contract.errors import EngineError
from engines.speech.common.splitting import cut

SPACY_MODEL = "en_core_web_sm"
MOST_PHONEMES = 510
ESPEAK_LANGUAGES = {"e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}

Reader = Callable[[str], str]


def reader_for(letter: str) -> Reader:
    """Return the phoneme converter for a voice whose name begins with `letter`.

    Raises:
        EngineError: the language's converter is not installed.
    """
    from misaki import espeak

    if letter in "ab":
        return _english(letter == "b")
    if letter in ESPEAK_LANGUAGES:
        read = espeak.EspeakG2P(language=ESPEAK_LANGUAGES[letter])
        return lambda text: str(read(text)[0] or "")
    return _east_asian(letter)


def phonemes_of(text: str, read: Reader) -> list[str]:
    """Return the text's phonemes in portions that fit the model, split at pauses."""
    most_bytes = 1_200
    while True:
        portions = [read(piece).strip() for piece in cut(text, most_bytes)]
        if all(len(portion) <= MOST_PHONEMES for portion in portions) or most_bytes < 60:
            return [portion[:MOST_PHONEMES] for portion in portions if portion]
        most_bytes //= 2


def _english(british: bool) -> Reader:
    from misaki import en, espeak

    fallback = espeak.EspeakFallback(british=british)
    if _has_spacy_model():
        read: Any = en.G2P(trf=False, british=british, fallback=fallback, unk="")
        return lambda text: str(read(text)[0] or "")
    return lambda text: str(fallback(SimpleNamespace(text=text))[0] or "")


def _has_spacy_model() -> bool:
    import spacy

    return bool(spacy.util.is_package(SPACY_MODEL))


def _east_asian(letter: str) -> Reader:
    try:
        if letter == "j":
            from misaki import ja

            read: Any = ja.JAG2P()
        else:
            from misaki import zh

            read = zh.ZHG2P(version=None)
    except ImportError as error:
        language = "Japanese" if letter == "j" else "Chinese"
        raise EngineError("kokoro.language-reader-missing", language=language) from error
    return lambda text: str(read(text)[0] or "")
