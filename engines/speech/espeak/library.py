"""The eSpeak NG shared library through ctypes: one text in, samples and timed events out.

Licence: eSpeak NG is GPL-3.0-or-later. Only the espeak engine's own worker process loads it.
"""

from __future__ import annotations

import _ctypes
import ctypes as c
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.contract.errors import EngineError

LONGEST_DATA_PATH = 120
"""Bytes. eSpeak keeps its data path in a fixed buffer: from about 155 on it silently uses another path and finds nothing."""

# Numbers of speak_lib.h.
_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEMES_IN_IPA, _DONT_EXIT = 0x1, 0x2, 0x8000
_UTF8, _SSML, _PHONEMES, _END_PAUSE = 0x1, 0x10, 0x100, 0x1000
_EVENT_END_OF_LIST, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_RATE, _VOLUME, _PITCH, _PITCH_RANGE, _WORD_GAP = 1, 2, 3, 4, 7


class _EventId(c.Union):
    _fields_ = [("number", c.c_int), ("name", c.c_char_p), ("string", c.c_char * 8)]


class _Event(c.Structure):
    _fields_ = [
        ("type", c.c_int), ("unique_identifier", c.c_uint), ("text_position", c.c_int), ("length", c.c_int),
        ("audio_position", c.c_int), ("sample", c.c_int), ("user_data", c.c_void_p), ("id", _EventId),
    ]  # fmt: skip


_Callback = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))


@dataclass(frozen=True)
class Parameters:
    """Parameters of the synthesis. `voice` is an identifier, with a variant after a plus sign: "gmw/en-US+f3"."""

    voice: str
    words_per_minute: int
    pitch: int
    pitch_range: int
    volume: int
    word_gap: int


@dataclass(frozen=True)
class WordEvent:
    """Start of a word: `sample` in the sound, `offset` and `length` in characters of the given text."""

    sample: int
    offset: int
    length: int


@dataclass(frozen=True)
class PhonemeEvent:
    """Start of a phoneme; `ipa` is empty for a pause."""

    sample: int
    ipa: str


@dataclass(frozen=True)
class EspeakResult:
    samples: NDArray[np.int16]
    rate: int
    words: tuple[WordEvent, ...]
    phonemes: tuple[PhonemeEvent, ...]


def speak(
    library: Path,
    data: Path,
    text: str,
    parameters: Parameters,
    *,
    ssml: bool,
    seed: int,
    on_samples: Callable[[int], None],
    phonemes: bool = False,
) -> EspeakResult:
    """Speak one text.

    The library is opened again for every call and closed after it (5 ms): it keeps the phase of its oscillators and its echoes
    between texts and uses C's `rand`, so that otherwise the same text would never sound the same twice. Not thread-safe: a
    process speaks one text at a time.

    Args:
        data: eSpeak's data folder, its path at most LONGEST_DATA_PATH bytes long.
        phonemes: text between double square brackets is eSpeak's mnemonics.
        on_samples: called with the number of samples made so far; an exception from it ends the call and is raised here.

    Raises:
        EngineError: the library does not start or lacks the voice.
    """
    with _started(library, data) as (lib, rate):
        collector = _Collector(on_samples)
        _apply(lib, parameters)
        c.CDLL(None).srand(seed & 0x7FFFFFFF)
        status = _synthesise(lib, text, (_SSML if ssml else 0) | (_PHONEMES if phonemes else 0), collector)
    if status != 0:
        raise EngineError("espeak.failed", status=status)
    return collector.spoken(rate)


def _synthesise(lib: c.CDLL, text: str, flags: int, collector: _Collector) -> int:
    """The library's own status, 0 for success. Raises what the collector was told to raise."""
    callback = _Callback(collector)  # lives until the call is over
    lib.espeak_SetSynthCallback(callback)
    encoded = text.encode() + b"\0"
    status: int = lib.espeak_Synth(encoded, len(encoded), 0, 1, 0, _UTF8 | _END_PAUSE | flags, None, None)
    if collector.raised is not None:
        raise collector.raised
    return status


class _Collector:
    """The synthesis callback: copies the library's buffers, which are valid during the call only."""

    def __init__(self, on_samples: Callable[[int], None]) -> None:
        self.raised: BaseException | None = None
        self._on_samples = on_samples
        self._blocks: list[NDArray[np.int16]] = []
        self._count = 0
        self._words: list[WordEvent] = []
        self._phonemes: list[PhonemeEvent] = []

    def __call__(self, wav: c._Pointer[c.c_short], count: int, events: c._Pointer[_Event]) -> int:
        """Returns 1 to stop the library: an exception cannot pass through C."""
        try:
            if wav and count > 0:
                self._blocks.append(np.ctypeslib.as_array(wav, (count,)).copy())
                self._count += count
            for event in _until_end(events):
                if event.type == _EVENT_WORD:
                    self._words.append(WordEvent(event.sample, event.text_position - 1, event.length))
                elif event.type == _EVENT_PHONEME:
                    self._phonemes.append(PhonemeEvent(event.sample, event.id.string.decode("utf-8", "ignore")))
            self._on_samples(self._count)
        except BaseException as error:
            self.raised = error
            return 1
        return 0

    def spoken(self, rate: int) -> EspeakResult:
        samples = np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int16)
        return EspeakResult(samples, rate, tuple(self._words), tuple(self._phonemes))


def _until_end(events: c._Pointer[_Event]) -> Iterator[_Event]:
    index = 0
    while events and events[index].type != _EVENT_END_OF_LIST:
        yield events[index]
        index += 1


@contextmanager
def _opened(path: Path) -> Iterator[c.CDLL]:
    lib = c.CDLL(str(path))
    lib.espeak_Initialize.argtypes = [c.c_int, c.c_int, c.c_char_p, c.c_int]
    lib.espeak_SetVoiceByName.argtypes = [c.c_char_p]
    lib.espeak_TextToPhonemes.argtypes = [c.POINTER(c.c_void_p), c.c_int, c.c_int]
    lib.espeak_TextToPhonemes.restype = c.c_char_p
    lib.espeak_Synth.argtypes = [
        c.c_char_p, c.c_size_t, c.c_uint, c.c_int, c.c_uint, c.c_uint, c.c_void_p, c.c_void_p,
    ]  # fmt: skip
    try:
        yield lib
    finally:
        _ctypes.dlclose(lib._handle)


@contextmanager
def _started(library: Path, data: Path) -> Iterator[tuple[c.CDLL, int]]:
    """The library at work, and the rate of its sound."""
    with _opened(library) as lib:
        rate = lib.espeak_Initialize(_SYNCHRONOUS, 0, bytes(data), _PHONEME_EVENTS | _PHONEMES_IN_IPA | _DONT_EXIT)
        if rate <= 0:
            raise EngineError("espeak.data-unreadable")
        try:
            yield lib, rate
        finally:
            lib.espeak_Terminate()


@contextmanager
def started_voice(library: Path, data: Path, voice: str) -> Iterator[c.CDLL]:
    """Yield the library with a voice selected, for queries without sound.

    Raises:
        EngineError: it does not start or lacks the voice.
    """
    with _started(library, data) as (lib, _):
        _choose(lib, voice)
        yield lib


def _choose(lib: c.CDLL, voice: str) -> None:
    if lib.espeak_SetVoiceByName(voice.encode()) != 0:
        raise EngineError("espeak.voice-unknown", voice=voice)


def _apply(lib: c.CDLL, parameters: Parameters) -> None:
    _choose(lib, parameters.voice)
    for number, value in (
        (_RATE, parameters.words_per_minute),
        (_VOLUME, parameters.volume),
        (_PITCH, parameters.pitch),
        (_PITCH_RANGE, parameters.pitch_range),
        (_WORD_GAP, parameters.word_gap),
    ):
        lib.espeak_SetParameter(number, value, 0)


def short_data_path(data: Path, cache: Path) -> Path:
    """Return `data`, or a link to it from a folder whose path fits eSpeak's buffer.

    Raises:
        EngineError: no writable folder has a path that is short enough.
    """
    if len(bytes(data)) <= LONGEST_DATA_PATH:
        return data
    name = "espeak-" + hashlib.sha256(bytes(data)).hexdigest()[:8]
    if len(bytes(cache / name)) <= LONGEST_DATA_PATH:
        with suppress(OSError):
            cache.mkdir(parents=True, exist_ok=True)
            return _link(cache / name, data)
    for root in dict.fromkeys((Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))):
        folder = root / f"greenroom-{os.getuid()}"
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_ours_alone(folder) and len(bytes(folder / name)) <= LONGEST_DATA_PATH:
                return _link(folder / name, data)
    raise EngineError("espeak.path-too-long")


def _is_ours_alone(folder: Path) -> bool:
    """No other user may replace the link in a folder that all can write to."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def _link(link: Path, data: Path) -> Path:
    """Make or correct the link in one step, because two workers may do so at once."""
    if not (link.is_symlink() and link.readlink() == data):
        fresh = link.with_name(f"{link.name}-{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(data)
        fresh.replace(link)
    return link
