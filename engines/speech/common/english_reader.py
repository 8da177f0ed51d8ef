"""Conversion of English words to the phonemes of Kokoro's and Hibari's training, by the reader in assets/hibari.

The reader is `hibari.g2p` of hibari-tts (Apache-2.0), unchanged: misaki's lexicon and rules, a tagger that distinguishes "read"
from "read", and a small network for unknown words. It makes no network requests. Imported in workers only.
"""

from __future__ import annotations

import difflib
import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from engines.contract import PhonemeSpan
from engines.contract.errors import EngineNotReady
from engines.speech.common.english_text import PlainEnglish, plain_english
from engines.speech.common.kokoro_phonemes import STAND_IN, with_sounds
from engines.speech.common.read_word import ReadWord

FOLDER = "hibari"
PACKAGE = "hibari.g2p"
_CHUNK = re.compile(r"\S+")
_SPOKEN_SIGNS = "&+=@%"


class EnglishReader:
    """Converts English text; construct it once, a sentence then takes about a millisecond.

    Args:
        assets: the folder of files that ship with the studio.
        british: use British pronunciation rules.

    Raises:
        EngineNotReady: its files are missing.
    """

    def __init__(self, assets: Path, *, british: bool = False) -> None:
        self._assets, self._british = assets, british

    def read(self, given: str, title: str, phonemes: Sequence[PhonemeSpan] = ()) -> list[list[ReadWord]]:
        """Return the words of each line of a text, in order.

        Args:
            title: of the engine, for messages.
            phonemes: words with given phonemes.

        Raises:
            EngineError: the text contains letters of another script.
        """
        plain = plain_english(given, title, {span.start: (span.end, STAND_IN) for span in phonemes})
        words = [list(self._line(line)) for line in _lines(plain) if line.text.strip()]
        return [list(with_sounds(line, phonemes, british=self._british)) for line in words] if phonemes else words

    def _line(self, line: PlainEnglish) -> Iterator[ReadWord]:
        normalised = self._normalise(line.text)
        places = _places(line, normalised)
        said: dict[int, str] = {}
        for chunk, phonemes in self._phonemes(normalised):
            said[chunk] = said.get(chunk, "") + phonemes
        last = (-1, -1)
        joined = ""
        for chunk, phonemes in sorted(said.items()):
            if places[chunk] != last and joined:
                yield ReadWord(joined, *last)
                joined = ""
            joined = f"{joined} {phonemes}".strip()
            last = places[chunk]
        if joined:
            yield ReadWord(joined, *last)

    def _phonemes(self, normalised: str) -> Iterator[tuple[int, str]]:
        """Number of the piece between spaces and phonemes, of every token."""
        starts = [match.start() for match in _CHUNK.finditer(normalised)]
        at = chunk = 0
        reader = self._reader
        for token in reader.phonemize_tokens(reader._tokens(normalised)):
            at = max(at, normalised.find(token.text, at))
            while chunk + 1 < len(starts) and starts[chunk + 1] <= at:
                chunk += 1
            at += len(token.text)
            yield chunk, token.phonemes or ""

    @cached_property
    def _reader(self) -> Any:
        return self._module("").G2P(british=self._british)

    @cached_property
    def _normalise(self) -> Any:
        return self._module(".normalize").normalize

    def _module(self, name: str) -> Any:
        folder = str(self._assets / FOLDER)
        if folder not in sys.path:
            sys.path.append(folder)
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # the assets stay as they came
        try:
            for path in sorted((self._assets / FOLDER).joinpath(*PACKAGE.split(".")).glob("[a-z]*.py")):
                importlib.import_module(f"{PACKAGE}.{path.stem}")  # some are asked for only later, by a word not in the lexicon
            return importlib.import_module(PACKAGE + name)
        except (ImportError, OSError) as error:
            raise EngineNotReady("english.files-missing") from error
        finally:
            sys.dont_write_bytecode = writes


def _lines(plain: PlainEnglish) -> Iterator[PlainEnglish]:
    start = 0
    for line in plain.text.split("\n"):
        yield PlainEnglish(line, plain.origin[start : start + len(line)])
        start += len(line) + 1


def _places(line: PlainEnglish, normalised: str) -> list[tuple[int, int]]:
    """For each piece of the normalised text the place in the given text of what it stands for.

    Where normalising has put other words ("5 km" read as "5 kilometers"), as many as there were stand for each other in order,
    and otherwise all of them for the whole.
    """
    before = [(match.group(), _place(line, match.start(), match.end())) for match in _CHUNK.finditer(line.text)]
    after = _CHUNK.findall(normalised)
    found: list[tuple[int, int]] = [(-1, -1)] * len(after)
    matcher = difflib.SequenceMatcher(None, [text for text, _ in before], after, autojunk=False)
    for _, first, last, begin, end in matcher.get_opcodes():
        places = [place for _, place in before[first:last]]
        if last - first == end - begin:
            found[begin:end] = places
        elif known := [place for place in places if place[0] >= 0]:
            found[begin:end] = [(known[0][0], known[-1][1])] * (end - begin)
    return found


def _place(line: PlainEnglish, start: int, end: int) -> tuple[int, int]:
    """Start and end in the given text of a word without the signs around it; (-1, -1) for signs alone."""
    inner = [index for index in range(start, end) if line.text[index].isalnum() or line.text[index] in _SPOKEN_SIGNS]
    if not inner:
        return -1, -1
    first = inner[0] - (inner[0] > start and line.text[inner[0] - 1] in "$£€#")
    last = inner[-1] + (line.text[inner[-1] + 1 : min(end, inner[-1] + 2)] == "°")
    return line.origin[first], line.origin[last] + 1
