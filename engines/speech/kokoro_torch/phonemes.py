"""Conversion of text to Kokoro's phonemes. Imported in the worker only.

misaki converts English: its lexicon is the one that the voices were trained on. It needs spaCy's English model (see
english_model); without that, eSpeak NG converts English with the library's own table of differences. eSpeak NG converts most
other languages in any case.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from engines.contract.errors import EngineError
from engines.speech.common.splitting import cut
from engines.speech.kokoro_torch.english_model import PACKAGE

log = logging.getLogger(__name__)

MOST_PHONEMES = 510
ESPEAK_LANGUAGES = {"e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}

Reader = Callable[[str], str]


def reader_for(letter: str, *, with_misaki: bool = True) -> Reader:
    """Return the phoneme converter for a voice whose name begins with `letter`.

    Args:
        with_misaki: read English with misaki and spaCy's model, which must be importable; else with eSpeak NG.

    Raises:
        EngineError: the language's converter is not installed.
    """
    from misaki import espeak

    if letter in "ab":
        return _english(letter == "b", with_misaki)
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


def misaki_can_read() -> bool:
    """Return whether spaCy's English model can be imported and loaded here; misaki would fetch one that it does not find."""
    import spacy

    if not spacy.util.is_package(PACKAGE):
        return False
    try:
        spacy.load(PACKAGE, enable=["tok2vec", "tagger"])
    except Exception:  # of another version of spaCy, or damaged: each part of it has its own errors
        log.exception("spaCy's English model could not be loaded; eSpeak NG reads English.")
        return False
    return True


def _english(british: bool, with_misaki: bool) -> Reader:
    from misaki import en, espeak

    fallback = espeak.EspeakFallback(british=british)
    if with_misaki:
        read: Any = en.G2P(trf=False, british=british, fallback=fallback, unk="")
        return lambda text: str(read(text)[0] or "")
    return lambda text: str(fallback(SimpleNamespace(text=text))[0] or "")


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
