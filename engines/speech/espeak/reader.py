"""Conversion of text to Kokoro's phonemes by eSpeak NG, misaki's method for all languages but three.

The mapping of eSpeak's phonemes to Kokoro's letters is that of misaki 0.9.4 (EspeakG2P, Apache-2.0): affricates and English
diphthongs are single letters. eSpeak NG is GPL-3.0-or-later; only a worker process loads it.
"""

from __future__ import annotations

import ctypes as c
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from engines.contract import PhonemeSpan
from engines.contract.errors import EngineError, EngineNotReady
from engines.speech.common.read_word import ReadWord
from engines.speech.espeak.data import data_folder, voice_for
from engines.speech.espeak.library import short_data_path, started_voice

_UTF8, _IPA, _TIED = 1, 0x02, 0x80
_TIE = "^"
_LETTERS = (
    ("a^ɪ", "I"), ("a^ʊ", "W"), ("d^z", "ʣ"), ("d^ʒ", "ʤ"), ("e^ɪ", "A"), ("o^ʊ", "O"), ("ə^ʊ", "Q"), ("s^s", "S"), ("t^s", "ʦ"),
    ("t^ʃ", "ʧ"), ("ɔ^ɪ", "Y"), ("^", ""), ("-", ""),
)  # fmt: skip
_OTHER_LANGUAGE = re.compile(r"\([a-z-]{1,12}\)")
_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[^\W_](?:.{0,2000}[^\W_])?", re.DOTALL)
_SIGNS = str.maketrans({"«": "“", "»": "”", "„": "“", "–": "—", "¿": "", "¡": "", "'": ""})


def espeak_reader(language: str, cache: Path) -> EspeakReader:
    """Return the reader of a BCP-47 tag.

    Raises:
        EngineNotReady: eSpeak NG is not installed.
        EngineError: it has no voice for the language.
    """
    import espeakng_loader

    data, library = data_folder(), Path(espeakng_loader.get_library_path())
    if data is None or not library.is_file():
        raise EngineNotReady("espeak.not-installed")
    voice = voice_for(language, data)
    if voice is None:
        raise EngineError("espeak.voice-unknown", voice=language)
    return EspeakReader(library, short_data_path(data, cache), voice)


class EspeakReader:
    """Reads text with one of eSpeak's voices.

    Args:
        library: eSpeak's shared library.
        data: its data folder.
        voice: identifier, such as "roa/es".
    """

    def __init__(self, library: Path, data: Path, voice: str) -> None:
        self._library, self._data, self._voice = library, data, voice

    def read(self, given: str, title: str, phonemes: Sequence[PhonemeSpan] = ()) -> list[list[ReadWord]]:
        """Return the words of each line of a text, in order, each with its punctuation.

        Args:
            title: of the engine, unused here.
            phonemes: words with given phonemes, in IPA.

        Raises:
            EngineError: eSpeak does not start or lacks the voice.
        """
        with started_voice(self._library, self._data, self._voice) as lib:
            starts = [0, *(found.end() for found in re.finditer("\n", given))]
            lines = zip(starts, given.split("\n"), strict=True)
            read = [list(_line(lib, start, line, phonemes)) for start, line in lines]
        return [words for words in read if words]


def _line(lib: c.CDLL, start: int, line: str, given: Sequence[PhonemeSpan]) -> Iterator[ReadWord]:
    """Words between two marks are read together: what is said of one may depend on the next."""
    held: list[tuple[str, str, str, int, int]] = []
    for found in _TOKEN.finditer(line):
        word = _WORD.search(found[0])
        before, said, after = (found[0][: word.start()], word[0], found[0][word.end() :]) if word else ("", "", found[0])
        held.append((before, said, after, start + found.start(), start + found.end()))
        if after:
            yield from _together(lib, held, given)
            held = []
    yield from _together(lib, held, given)


def _together(lib: c.CDLL, held: Sequence[tuple[str, str, str, int, int]], given: Sequence[PhonemeSpan]) -> Iterator[ReadWord]:
    words = [said for _, said, *_ in held if said]
    read = _phonemes(lib, " ".join(words)).split() if words else []
    if len(read) != len(words):  # one is said as two, a number or a compound: each by itself
        read = [_phonemes(lib, word) for word in words]
    sounds = iter(read)
    for before, said, after, start, end in held:
        known = next((span.ipa for span in given if start <= span.start and span.end <= end), "")
        own = next(sounds) if said else ""
        yield ReadWord(f"{before.translate(_SIGNS)}{in_letters(known) if known else own}{after.translate(_SIGNS)}", start, end)


def in_letters(ipa: str) -> str:
    """eSpeak's IPA, its affricates and diphthongs tied, in Kokoro's letters."""
    for sounds, letter in _LETTERS:
        ipa = ipa.replace(sounds, letter)
    return ipa


def _phonemes(lib: c.CDLL, text: str) -> str:
    """All clauses of a text."""
    at = c.c_void_p(c.cast(buffer := c.create_string_buffer(text.encode("utf-8", "replace")), c.c_void_p).value)
    said: list[str] = []
    while at.value:
        part = lib.espeak_TextToPhonemes(c.byref(at), _UTF8, _IPA | _TIED | ord(_TIE) << 8)
        said.append((part or b"").decode("utf-8", "ignore"))
    del buffer
    return in_letters(_OTHER_LANGUAGE.sub("", " ".join(said)).replace("_", "")).strip()
