"""Captions: lines that fit, letters of many scripts, shaping."""

from __future__ import annotations

import numpy as np
import pytest

from media.video.captions import FONTS, CaptionPainter, CaptionText, _letters, _runs, laid_out, shapes_complex_scripts
from tests.repository.sources import ROOT

FOLDER = ROOT / "assets" / "fonts" / "captions"
SAMPLES = {
    "latin": "Der Fluß, čeština, tiếng Việt.", "greek": "Η θάλασσα είναι ήσυχη.", "cyrillic": "Старый маяк на берегу.",
    "arabic": "هبت العاصفة على البحر.", "hebrew": "המגדלור מעל הים.", "devanagari": "गाँव में सुबह हुई।",
    "bengali": "সমুদ্রের ধারে একটি বাতিঘর।", "tamil": "கடலின் மேல் ஒரு விளக்கு.", "thai": "ประภาคารเหนือทะเล", "chinese": "海上的灯塔。",
    "japanese": "海の上の灯台がひかる。", "korean": "바다 위의 등대.",
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_every_script_has_its_letters(name: str) -> None:
    text = SAMPLES[name]
    for font, run in _runs(text, FOLDER):
        assert all(letter in _letters(FOLDER, font) or letter.isspace() for letter in run)
    picture = np.zeros((180, 640, 3), np.uint8)
    CaptionPainter(FOLDER, (640, 180), [CaptionText(0, 1, text)]).burn(picture, 0.5)
    assert 0.001 < (picture > 200).all(-1).mean() < 0.2


def test_the_lists_of_letters_are_those_of_the_fonts() -> None:
    from PIL import ImageFont

    for name in FONTS:
        font = ImageFont.truetype(str(FOLDER / f"noto-sans-{name}.woff2"), 24)
        missing = bytes(font.getmask("\U0010fffd"))
        letters = sorted(letter for letter in _letters(FOLDER, name) if letter.isalpha())
        assert sum(bytes(font.getmask(letter)) == missing for letter in letters[:: max(1, len(letters) // 40)]) == 0


def test_lines_fit_and_are_about_even() -> None:
    lines = laid_out("The keeper climbs the stairs, as he has for thirty years, and lights the lamp.", FOLDER, 36, 800)
    assert 2 <= len(lines) <= 3 and max(map(len, lines)) < 1.5 * min(map(len, lines))
    assert " ".join(lines).startswith("The keeper climbs")
    endless = laid_out("word " * 400, FOLDER, 36, 800)
    assert len(endless) == 3 and endless[-1].endswith("…")
    assert len(laid_out("海上的灯塔照亮了黑夜里回家的船只和远处的村庄" * 2, FOLDER, 36, 500)) > 1


@pytest.mark.skipif(not shapes_complex_scripts(), reason="Pillow was built without raqm here")
def test_letters_that_join_are_joined() -> None:
    from PIL import ImageFont

    font = ImageFont.truetype(str(FOLDER / "noto-sans-arabic.woff2"), 40)
    apart = sum(font.getlength(letter) for letter in "بحر")
    assert font.getlength("بحر") < 0.9 * apart


@pytest.mark.parametrize("text", ["Great job 👩‍🚀🚀❤️", "👍🏽 done", "1️⃣ first", "café ☕ 日本 🎌"])
def test_emoji_are_drawn_and_are_no_boxes(text: str) -> None:
    """Each stretch has a font with its signs, and a family of signs is one picture as wide as one."""
    from media.video.captions import _emoji_apart, _font, _runs

    runs = _runs(text, FOLDER)
    assert any(name == "emoji" for name, _ in runs)
    for name, run in runs:
        box = _font(FOLDER, name, 40).getmask(run.strip() or "x").getbbox()
        missing = _font(FOLDER, name, 40).getmask("\U000e01ef").getbbox()
        assert box and box != missing
    assert "".join(part for _, part in _emoji_apart(text, FOLDER)).replace("\ufe0f", "") == text.replace("\ufe0f", "")


def test_a_sequence_of_joined_emoji_is_one_picture() -> None:
    from media.video.captions import _width

    assert _width("👩‍🚀", FOLDER, 40) == pytest.approx(_width("🚀", FOLDER, 40), rel=0.2)
    assert _width("👍🏽", FOLDER, 40) == pytest.approx(_width("👍", FOLDER, 40), rel=0.2)
