"""pocketsphinx's C interface, called without holding the interpreter lock.

The package's `Decoder` holds the lock while it decodes: half a minute for a long utterance on a busy machine, during which the
worker sends no heartbeat. Its extension module also exports the documented C functions, and ctypes releases the lock while one
runs. Feeding utterances in blocks is no alternative: each is normalised over its whole length, so the result would change.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.contract.errors import EngineError

RATE = 16_000
_POINTER, _TEXT, _INT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "ps_config_init": (_POINTER, (_POINTER,)),
    "ps_config_parse_json": (_POINTER, (_POINTER, _TEXT)),
    "ps_config_free": (_INT, (_POINTER,)),
    "ps_init": (_POINTER, (_POINTER,)),
    "ps_free": (_INT, (_POINTER,)),
    "ps_start_utt": (_INT, (_POINTER,)),
    "ps_process_raw": (_INT, (_POINTER, _POINTER, ctypes.c_size_t, _INT, _INT)),
    "ps_end_utt": (_INT, (_POINTER,)),
    "ps_seg_iter": (_POINTER, (_POINTER,)),
    "ps_seg_next": (_POINTER, (_POINTER,)),
    "ps_seg_word": (_TEXT, (_POINTER,)),
    "ps_seg_frames": (None, (_POINTER, ctypes.POINTER(_INT), ctypes.POINTER(_INT))),
    "ps_lookup_word": (_POINTER, (_POINTER, _TEXT)),
    "ps_set_align_text": (_INT, (_POINTER, _TEXT)),
    "ps_set_alignment": (_INT, (_POINTER, _POINTER)),
    "ps_get_alignment": (_POINTER, (_POINTER,)),
    "ps_alignment_phones": (_POINTER, (_POINTER,)),
    "ps_alignment_iter_name": (_TEXT, (_POINTER,)),
    "ps_alignment_iter_seg": (_INT, (_POINTER, ctypes.POINTER(_INT), ctypes.POINTER(_INT))),
    "ps_alignment_iter_next": (_POINTER, (_POINTER,)),
    "err_set_loglevel_str": (_TEXT, (_TEXT,)),
}


_LIBC = ctypes.CDLL(None)
_LIBC.free.restype, _LIBC.free.argtypes = None, (_POINTER,)

WORDS: Mapping[str, Any] = {"lm": "en-us.lm.bin", "cmn": "batch"}
"""Words as they come. "batch": each utterance is normalised by itself, so that no call changes the next."""
PHONES: Mapping[str, Any] = {"allphone": "en-us-phone.lm.bin", "beam": 1e-20, "pbeam": 1e-20, "lw": 2.0}
ALIGNED: Mapping[str, Any] = {"bestpath": False}
_MODELS = ("lm", "allphone")


class SphinxDecoder:
    """Decodes one utterance after the other with the package's own English model. For use by one thread at a time.

    Args:
        settings: one of the sets above, by the library's names; models by their file names.

    Raises:
        ImportError: pocketsphinx is not installed.
        EngineError: its files are damaged.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        import pocketsphinx

        self._library = library = ctypes.CDLL(pocketsphinx._pocketsphinx.__file__)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        library.err_set_loglevel_str(b"FATAL")
        model = Path(pocketsphinx.get_model_path()) / "en-us"
        told = {name: str(model / value) if name in _MODELS else value for name, value in settings.items()}
        usual = {"hmm": str(model / "en-us"), "dict": str(model / "cmudict-en-us.dict"), "samprate": RATE, "loglevel": "FATAL"}
        config = library.ps_config_parse_json(None, json.dumps(usual | told).encode())
        self._decoder = library.ps_init(config) if config else None
        if config:
            library.ps_config_free(config)  # the decoder keeps its own hold of it
        if not self._decoder:
            raise EngineError("pocketsphinx.model-damaged")

    def __del__(self) -> None:
        if getattr(self, "_decoder", None):
            self._library.ps_free(self._decoder)
            self._decoder = None

    def decode(self, samples: NDArray[np.int16]) -> list[tuple[str, int, int]]:
        """Return the recognised words with their first and last frame, including fillers and silences.

        Raises:
            EngineError: the library failed.
        """
        self._listen(samples)
        return list(self._segments())

    def knows(self, word: str) -> bool:
        """Return whether the dictionary has this word."""
        found = self._library.ps_lookup_word(self._decoder, word.encode())
        if found:
            _LIBC.free(found)
        return bool(found)

    def align(self, samples: NDArray[np.int16], text: str) -> list[tuple[str, int, int]]:
        """Return the phones of a text of known words, each with its first frame and the one after its last.

        Raises:
            EngineError: the text does not fit the sound.
        """
        library = self._library
        if library.ps_set_align_text(self._decoder, text.encode()) < 0:
            raise EngineError("pocketsphinx.text-not-aligned")
        self._listen(samples)
        if library.ps_set_alignment(self._decoder, None) < 0:
            raise EngineError("pocketsphinx.text-does-not-fit")
        self._listen(samples)
        alignment = library.ps_get_alignment(self._decoder)
        return list(self._phones(alignment)) if alignment else []

    def _listen(self, samples: NDArray[np.int16]) -> None:
        library, samples = self._library, np.ascontiguousarray(samples, np.int16)
        failed = library.ps_start_utt(self._decoder) < 0
        failed = failed or library.ps_process_raw(self._decoder, samples.ctypes.data, samples.size, 0, 1) < 0
        if library.ps_end_utt(self._decoder) < 0 or failed:
            raise EngineError("pocketsphinx.not-heard")

    def _segments(self) -> Iterator[tuple[str, int, int]]:
        library, first, last = self._library, _INT(), _INT()
        segment = library.ps_seg_iter(self._decoder)
        while segment:
            library.ps_seg_frames(segment, ctypes.byref(first), ctypes.byref(last))
            yield library.ps_seg_word(segment).decode("utf-8", "replace"), first.value, last.value
            segment = library.ps_seg_next(segment)  # frees itself at the end

    def _phones(self, alignment: int) -> Iterator[tuple[str, int, int]]:
        library, start, frames = self._library, _INT(), _INT()
        phone = library.ps_alignment_phones(alignment)
        while phone:
            library.ps_alignment_iter_seg(phone, ctypes.byref(start), ctypes.byref(frames))
            yield library.ps_alignment_iter_name(phone).decode(), start.value, start.value + frames.value
            phone = library.ps_alignment_iter_next(phone)  # frees itself at the end
