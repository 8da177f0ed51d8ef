"""Mouth shapes of speech sounds (visemes), and a smooth track from timed ones. Closures are always complete, however short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.contract.faces import TRACK_RATE

REST = "rest"

SHAPES: dict[str, tuple[float, float, float, float]] = {
    REST: (0.012, 0.0, 0.0, 0.0),
    "closed": (0.0, 0.0, 0.05, 0.6),
    "lip_teeth": (0.035, 0.15, 0.0, 0.25),
    "tongue_teeth": (0.09, 0.15, 0.0, 0.0),
    "ridge": (0.085, 0.30, 0.0, 0.0),
    "hiss": (0.06, 0.45, 0.0, 0.0),
    "hush": (0.085, 0.0, 0.6, 0.0),
    "back": (0.11, 0.10, 0.0, 0.0),
    "l": (0.13, 0.20, 0.0, 0.0),
    "r": (0.09, 0.0, 0.5, 0.0),
    "w": (0.05, 0.0, 1.0, 0.0),
    "j": (0.07, 0.55, 0.0, 0.0),
    "h": (0.13, 0.10, 0.0, 0.0),
    "aa": (0.31, 0.15, 0.0, 0.0),
    "ae": (0.27, 0.50, 0.0, 0.0),
    "eh": (0.21, 0.45, 0.0, 0.0),
    "ih": (0.14, 0.50, 0.0, 0.0),
    "iy": (0.115, 0.90, 0.0, 0.0),
    "ah": (0.19, 0.15, 0.0, 0.0),
    "schwa": (0.13, 0.10, 0.0, 0.0),
    "ao": (0.26, 0.0, 0.5, 0.0),
    "ow": (0.19, 0.0, 0.8, 0.0),
    "uw": (0.09, 0.0, 1.0, 0.0),
    "uh": (0.12, 0.0, 0.65, 0.0),
    "er": (0.13, 0.0, 0.45, 0.0),
}
"""Viseme to (open in mouth widths, wide, pucker, press)."""

_IPA = {
    letter: viseme
    for viseme, letters in {
        "closed": "pbmɓʙ", "lip_teeth": "fvʋɱ", "tongue_teeth": "θð", "ridge": "tdnɾʔɲɳʈɖ", "hiss": "szçɕʑ", "hush": "ʃʒʂʐ",
        "back": "kgɡŋxɣqχɴ", "l": "lɫʎɭ", "r": "rɹʁɻʀɽ", "w": "wɥʍ", "j": "jʝ", "h": "hɦħʕ", "aa": "aɑɐ", "ae": "æ",
        "eh": "eɛ", "ih": "ɪɨ", "iy": "iy", "ah": "ʌ", "schwa": "əɵɘɤ", "ao": "ɔɒ", "ow": "oøœ", "uw": "uɯʉ", "uh": "ʊʏ",
        "er": "ɜɝɚ",
    }.items()
    for letter in letters
}  # fmt: skip

_ARPABET = {
    "P": "closed", "B": "closed", "M": "closed", "F": "lip_teeth", "V": "lip_teeth", "TH": "tongue_teeth",
    "DH": "tongue_teeth", "T": "ridge", "D": "ridge", "N": "ridge", "S": "hiss", "Z": "hiss", "SH": "hush", "ZH": "hush",
    "CH": "hush", "JH": "hush", "K": "back", "G": "back", "NG": "back", "L": "l", "R": "r", "W": "w", "Y": "j", "HH": "h",
    "AA": "aa", "AE": "ae", "EH": "eh", "IH": "ih", "IY": "iy", "AH": "ah", "AX": "schwa", "AO": "ao", "OW": "ow", "UW": "uw",
    "UH": "uh", "ER": "er", "AY": "aa", "AW": "aa", "EY": "eh", "OY": "ao", "SIL": REST,
}  # fmt: skip
_GLIDES = {"AY": "ih", "EY": "iy", "OY": "ih", "AW": "uw", "OW": "uw"}

LEAD = 0.03
"""Seconds by which lips are ahead of the sound they make."""
_BLUR = 0.032


@dataclass(frozen=True)
class Viseme:
    """A mouth shape of SHAPES from `start` to `end`, in seconds."""

    name: str
    start: float
    end: float


def from_ipa(marks: Iterable[tuple[str, float, float]]) -> list[Viseme]:
    """Timed IPA symbols as visemes; a symbol of several letters (a diphthong) shares its time among them."""
    found: list[Viseme] = []
    for text, start, end in marks:
        names = [_IPA[letter] for letter in text if letter in _IPA]
        if not names:
            names = [REST] if not text.strip("ˈˌː _|.") else ["schwa"]
        step = (end - start) / len(names)
        found += [Viseme(name, start + step * at, start + step * (at + 1)) for at, name in enumerate(names)]
    return found


def from_arpabet(marks: Iterable[tuple[str, float, float]]) -> list[Viseme]:
    """Timed ARPABET phones (pocketsphinx) as visemes; whatever is no phone is a pause."""
    found: list[Viseme] = []
    for text, start, end in marks:
        phone = text.split("_")[0].upper().rstrip("012")
        name = _ARPABET.get(phone, REST)
        if phone in _GLIDES:
            middle = (start + end) / 2
            found += [Viseme(name, start, middle), Viseme(_GLIDES[phone], middle, end)]
        else:
            found.append(Viseme(name, start, end))
    return found


def track_of(visemes: Sequence[Viseme], seconds: float) -> NDArray[np.float32]:
    """Values of a MouthTrack: shapes eased into each other, with every closure brought to its end."""
    steps = int(np.ceil(seconds * TRACK_RATE)) + 1
    values = np.tile(np.array(SHAPES[REST]), (steps, 1))
    for one in visemes:
        first = max(0, int((one.start - LEAD) * TRACK_RATE))
        last = max(first + 1, int((one.end - LEAD) * TRACK_RATE))
        values[first:last] = SHAPES[one.name]
    eased = _blurred(values, _BLUR)
    times = np.arange(steps) / TRACK_RATE
    for one in visemes:
        if one.name in ("closed", "lip_teeth"):
            middle, half = (one.start + one.end) / 2 - LEAD, max(0.03, (one.end - one.start) / 2)
            weight = np.clip(1.35 - np.abs(times - middle) / (half + 0.03), 0, 1) ** 0.7
            shape = SHAPES[one.name]
            eased[:, 0] += (shape[0] - eased[:, 0]) * weight
            eased[:, 3] = np.maximum(eased[:, 3], weight * shape[3])
    return eased.astype(np.float32)


def _blurred(values: NDArray, seconds: float) -> NDArray:
    reach = int(4 * seconds * TRACK_RATE) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (seconds * TRACK_RATE)) ** 2)
    kernel /= kernel.sum()
    columns = [np.convolve(np.pad(column, reach, mode="edge"), kernel, "valid") for column in values.T]
    return np.stack(columns, axis=1)
