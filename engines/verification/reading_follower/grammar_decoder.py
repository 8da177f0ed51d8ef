"""pocketsphinx's decoder with a grammar for each sound, through the C interface, which releases the GIL."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.common.pocketsphinx_library import RATE, SphinxDecoder
from engines.contract.errors import EngineError

BEAMS = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}
LONGEST_WHOLE = 60 * RATE
PIECE = RATE

_FRESH_CMN = b"41.00,-5.29,-0.12,5.09,2.48,-4.07,-1.37,-1.78,-5.08,-2.05,-6.45,-1.42,1.17"
"""The decoder's own starting point for the level of the channel."""

_POINTER, _TEXT, _INT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "ps_get_logmath": (_POINTER, (_POINTER,)),
    "ps_get_config": (_POINTER, (_POINTER,)),
    "ps_config_float": (ctypes.c_double, (_POINTER, _TEXT)),
    "ps_set_cmn": (_INT, (_POINTER, _TEXT)),
    "ps_add_word": (_INT, (_POINTER, _TEXT, _TEXT, _INT)),
    "ps_add_fsg": (_INT, (_POINTER, _TEXT, _POINTER)),
    "ps_activate_search": (_INT, (_POINTER, _TEXT)),
    "ps_remove_search": (_INT, (_POINTER, _TEXT)),
    "logmath_log": (_INT, (_POINTER, ctypes.c_double)),
    "fsg_model_readfile": (_POINTER, (_TEXT, _POINTER, ctypes.c_float)),
    "fsg_model_word_add": (_INT, (_POINTER, _TEXT)),
    "fsg_model_trans_add": (None, (_POINTER, _INT, _INT, _INT, _INT)),
    "fsg_model_null_trans_add": (_INT, (_POINTER, _INT, _INT, _INT)),
    "fsg_model_free": (_INT, (_POINTER,)),
}

Arc = tuple[int, int, float] | tuple[int, int, float, str]
"""From a state to a state, with these odds; saying a word, or nothing."""


class GrammarDecoder(SphinxDecoder):
    """Decodes by the grammar that was set last. For use by one thread at a time.

    Raises:
        ImportError: pocketsphinx is not installed.
        EngineError: its files are damaged.
    """

    def __init__(self) -> None:
        super().__init__(BEAMS)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self._grammars = 0

    def add_word(self, word: str, sounds: str) -> None:
        """Add a word with its phones to the dictionary."""
        self._library.ps_add_word(self._decoder, word.encode(), sounds.encode(), 1)

    def follow(self, arcs: Sequence[Arc], final: int) -> None:
        """Set the grammar; it begins in state 0, and its first arc is a word with probability 1.

        Raises:
            EngineError: the library refuses it.
        """
        library, name, before = self._library, f"text{self._grammars}".encode(), f"text{self._grammars - 1}".encode()
        grammar = self._grammar(arcs, final)
        refused = library.ps_add_fsg(self._decoder, name, grammar) < 0  # which keeps its own hold of it
        library.fsg_model_free(grammar)
        if refused or library.ps_activate_search(self._decoder, name) < 0:
            raise EngineError("follower.text-not-followed")
        if self._grammars:
            library.ps_remove_search(self._decoder, before)
        self._grammars += 1

    def heard(self, samples: NDArray[np.int16], check: Callable[[], object]) -> list[tuple[str, int, int]]:
        """Return the words with their first and last frame, including fillers and silences.

        Up to a minute is decoded as a whole, so that the level of the channel is known from the first frame on; longer sounds are
        decoded in pieces, with a call of `check` before each.

        Raises:
            EngineError: the library failed. Errors of `check` pass through.
        """
        self._library.ps_set_cmn(self._decoder, _FRESH_CMN)  # what was heard before must not change what is heard now
        if samples.size <= LONGEST_WHOLE:
            return self.decode(samples)
        self._listen_in_pieces(samples, check)
        return list(self._segments())

    def _listen_in_pieces(self, samples: NDArray[np.int16], check: Callable[[], object]) -> None:
        library = self._library
        failed = library.ps_start_utt(self._decoder) < 0
        try:
            for piece in _pieces(np.ascontiguousarray(samples, np.int16)):
                check()
                failed = failed or library.ps_process_raw(self._decoder, piece.ctypes.data, piece.size, 0, 0) < 0
        finally:
            failed = library.ps_end_utt(self._decoder) < 0 or failed
        if failed:
            raise EngineError("follower.not-heard")

    def _grammar(self, arcs: Sequence[Arc], final: int) -> int:
        """Return the library's representation of a grammar.

        Its file format sets the two end states; arcs without a word are added by calls, because the library would add an arc from
        each state to every later one to a file that has them.
        """
        library, states = self._library, 1 + max(max(arc[0], arc[1]) for arc in arcs)
        odds = library.ps_get_logmath(self._decoder)
        weight = library.ps_config_float(library.ps_get_config(self._decoder), b"lw")  # for the silences between the words
        (start, end, _, *said), *others = arcs
        with tempfile.NamedTemporaryFile("w", suffix=".fsg", encoding="ascii") as file:
            file.write(f"FSG_BEGIN text\nN {states}\nS 0\nF {final}\nT {start} {end} 1.0 {said[0]}\nFSG_END\n")
            file.flush()
            grammar: int | None = library.fsg_model_readfile(file.name.encode(), odds, weight)
        if not grammar:
            raise EngineError("follower.text-not-followed")
        for start, end, probability, *word in others:
            logarithm = library.logmath_log(odds, probability)
            if word:
                number = library.fsg_model_word_add(grammar, str(word[0]).encode())
                library.fsg_model_trans_add(grammar, start, end, logarithm, number)
            else:
                library.fsg_model_null_trans_add(grammar, start, end, logarithm)
        return grammar


def _pieces(samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    for first in range(0, samples.size, PIECE):
        yield samples[first : first + PIECE]
