"""Captions drawn into pictures: laid out in lines with a font that has their letters, shaped, with a soft dark edge."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont, features

from media.video.read import Picture

FONTS = ("latin-greek-cyrillic", "arabic", "hebrew", "devanagari", "bengali", "tamil", "thai", "chinese-simplified", "japanese",
         "korean")  # fmt: skip
EMOJI = "emoji"
_AS_EMOJI, _KEY = "\ufe0f", "\u20e3"
_JOINING = frozenset({"\u200d", _KEY, _AS_EMOJI})
"""Signs that make one emoji out of several, a key out of a figure, an emoji out of a sign; after letters they mean others."""
_WIDEST = 0.84
_MOST_LINES = 3
_MOST_LETTERS = 1_000
"""More than three lines of any picture hold; what comes after them is not laid out only to be cut off."""

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI")


@dataclass(frozen=True)
class CaptionText:
    """Words and the times between which they are shown, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Words prepared for a picture: `kept` (of 255) is the share of the picture that remains, `ink` is added; only where there
    is something."""

    rows: slice
    columns: slice
    ink: NDArray[np.uint8]
    kept: NDArray[np.uint8]


class CaptionPainter:
    """Burns captions into the pictures of one clip.

    Args:
        fonts: the folder of the caption fonts (`assets/fonts/captions`).
        size: of the pictures.
    """

    def __init__(self, fonts: Path, size: tuple[int, int], captions: Sequence[CaptionText]) -> None:
        self._fonts, self._size = fonts, size
        self._captions = [one for one in captions if one.text.strip()]
        self._drawn: dict[str, _Drawn] = {}

    def burn(self, picture: Picture, seconds: float) -> None:
        """Draw the captions of this time into the picture, in place."""
        import cv2

        for caption in self._captions:
            if caption.start <= seconds < caption.end:
                drawn = self._drawn.get(caption.text)
                if drawn is None:
                    drawn = self._drawn[caption.text] = self._draw(caption.text)
                under = picture[drawn.rows, drawn.columns]
                under[:] = cv2.add(cv2.multiply(under, drawn.kept, scale=1 / 255), drawn.ink)

    def _draw(self, text: str) -> _Drawn:
        width, height = self._size
        size = max(11, round(min(width * 0.045, height * 0.05)))
        lines = laid_out(text, self._fonts, size, round(width * _WIDEST))
        step = round(size * 1.36)
        tall = step * len(lines) + size
        ink = Image.new("L", (width, tall), 0)
        brush = ImageDraw.Draw(ink)
        for number, line in enumerate(lines):
            _write(brush, line, self._fonts, size, width, size // 2 + number * step)
        shadow = ink.filter(ImageFilter.MaxFilter(_odd(size / 7))).filter(ImageFilter.GaussianBlur(size / 9))
        left, top, right, low = shadow.getbbox() or (0, 0, 1, 1)
        white, shade = (np.asarray(one, np.float32)[top:low, left:right, None] / 255 for one in (ink, shadow))
        cover = white + np.clip(shade * 1.5, 0, 1) * 0.78 * (1 - white)
        printed, kept = (np.rint(np.repeat(one, 3, 2)).astype(np.uint8) for one in (white * 252, 255 * (1 - cover)))
        above = height - tall - round(height * 0.045)
        return _Drawn(slice(above + top, above + low), slice(left, right), printed, kept)


def shapes_complex_scripts() -> bool:
    """Return whether scripts whose letters join or change order (Arabic, Devanagari …) are shaped correctly here."""
    return bool(features.check("raqm"))


def laid_out(text: str, fonts: Path, size: int, widest: int) -> list[str]:
    """Lay out text in a few lines of about the same length; more is cut off with an ellipsis."""
    words = _words(text[:_MOST_LETTERS])
    if len(text) > _MOST_LETTERS:
        words[-1] = _cut_off(words[-1])
    while True:
        lines = _filled(words, fonts, size, widest)
        if len(lines) <= _MOST_LINES or len(words) == 1:
            break
        words = words[: max(1, len(words) - max(1, len(words) // 10))]
        words[-1] = _cut_off(words[-1])
    count = len(lines)
    if count == 1:
        return lines
    low, high = widest // 3, widest
    while high - low > size // 2:
        middle = (low + high) // 2
        low, high = (low, middle) if len(_filled(words, fonts, size, middle)) == count else (middle, high)
    return _filled(words, fonts, size, high)


def _cut_off(word: str) -> str:
    return word.rstrip(" ,;:.…") + "…"


def _words(text: str) -> list[str]:
    """Return parts between which a line may break, each with the space before it."""
    parts: list[str] = []
    for word in text.split():
        if any(unicodedata.name(letter, "").startswith(_UNSPACED) for letter in word):
            parts += [(" " if parts and not index else "") + letter for index, letter in enumerate(_clusters(word))]
        else:
            parts.append(f" {word}" if parts else word)
    return parts or [""]


def _clusters(word: str) -> list[str]:
    """Return letters with the marks and closing punctuation that belong to them."""
    made: list[str] = []
    for letter in word:
        if made and unicodedata.category(letter) in ("Mn", "Mc", "Pe", "Pf", "Po"):
            made[-1] += letter
        else:
            made.append(letter)
    return made


def _filled(words: Sequence[str], fonts: Path, size: int, widest: int) -> list[str]:
    lines = [""]
    for word in words:
        longer = lines[-1] + word
        if lines[-1] and _width(longer.strip(), fonts, size) > widest:
            lines.append(word.strip())
        else:
            lines[-1] = longer.lstrip()
    return lines


def _runs(line: str, fonts: Path) -> list[tuple[str, str]]:
    """Split a line into runs of one font each: (font, text). One font for all of it if there is one, except for emoji."""
    stretches = _emoji_apart(line, fonts)
    if len(stretches) > 1 or any(emoji for emoji, _ in stretches):
        return [run for emoji, text in stretches for run in ([(EMOJI, text)] if emoji else _runs(text, fonts))]
    for name in FONTS:
        if all(letter in _letters(fonts, name) or letter.isspace() for letter in line):
            return [(name, line)]
    runs: list[tuple[str, str]] = []
    for letter in line:
        last = runs[-1][0] if runs else ""
        has = last and (letter in _letters(fonts, last) or letter.isspace() or unicodedata.combining(letter))
        name = last if has else next((name for name in FONTS if letter in _letters(fonts, name)), last or FONTS[0])
        if runs and name == last:
            runs[-1] = (name, runs[-1][1] + letter)
        else:
            runs.append((name, letter))
    return runs


def _emoji_apart(line: str, fonts: Path) -> list[tuple[bool, str]]:
    """Split a line into runs of emoji and of other text; skin tones, joiners and selectors stay with their emoji."""
    found: list[tuple[bool, str]] = []
    for at, letter in enumerate(line):
        before = found[-1][0] if found else False
        own = letter not in _JOINING and letter in _letters(fonts, EMOJI) and letter not in _plain_letters(fonts)
        key = _KEY in line[at + 1 : at + 3].removeprefix(_AS_EMOJI)[:1]
        emoji = own or key or (letter in _JOINING and before)
        if found and emoji == before:
            found[-1] = (emoji, found[-1][1] + letter)
        elif letter != _AS_EMOJI or before:
            found.append((emoji, letter))
    return found or [(False, line)]


@lru_cache(maxsize=4)
def _plain_letters(fonts: Path) -> frozenset[str]:
    """Return the letters that are in one of the text fonts."""
    return frozenset().union(*(_letters(fonts, name) for name in FONTS))


def _width(line: str, fonts: Path, size: int) -> float:
    return sum(_font(fonts, name, size).getlength(text) for name, text in _runs(line, fonts))


def _write(brush: ImageDraw.ImageDraw, line: str, fonts: Path, size: int, width: int, top: int) -> None:
    x = (width - _width(line, fonts, size)) / 2
    for name, text in _runs(line, fonts):
        font = _font(fonts, name, size)
        brush.text((x, top + size), text, font=font, fill=255, anchor="ls")
        x += font.getlength(text)


def _file(name: str) -> str:
    return f"noto-{name}" if name == EMOJI else f"noto-sans-{name}"


@lru_cache(maxsize=32)
def _font(fonts: Path, name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fonts / f"{_file(name)}.woff2"), size)


@lru_cache(maxsize=16)
def _letters(fonts: Path, name: str) -> frozenset[str]:
    """Return the letters of a font, from its list in `letters/`."""
    ranges = (fonts / "letters" / f"{_file(name)}.letters").read_text("ascii").split()
    found: set[str] = set()
    for one in ranges:
        first, _, last = one.partition("-")
        found.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return frozenset(found)


def _odd(value: float) -> int:
    return max(3, round(value) // 2 * 2 + 1)
