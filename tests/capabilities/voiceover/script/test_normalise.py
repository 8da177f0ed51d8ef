from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capabilities.voiceover.script.normalise import _blocks, normalise


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("“Oh dear!” said ‘she’", "\"Oh dear!\" said 'she'"),
        ("«Bonjour», „Hallo“", '"Bonjour", "Hallo"'),
        ("don’t, donʼt, don't", "don't, don't, don't"),
        ("so—it was – late -- very", "so - it was - late - very"),
        ("pages 10–20, a well‑known co‐op, 5 − 3", "pages 10-20, a well-known co-op, 5 - 3"),
        ("— Bonjour, dit-il —", "Bonjour, dit-il"),
        ("Well… no. . . yes.... ok.. end", "Well... no... yes... ok... end"),
        ("What?!?! No!!! Why??? a,, b;;", "What?! No! Why? a, b;"),
        ("a\t\tb\u00a0c\u3000d\r\n e \u2028f", "a b c d e f"),
        ("soft\u00adhyphen zero\u200bwidth \ufeffbom\u2060", "softhyphen zerowidth bom"),
        ("bell\x07 null\x00 lone\ud800surrogate", "bell null lonesurrogate"),
        ("*so* **very** _kind_ ***now***, snake_case, 2*3*4", "so very kind now, snake_case, 2*3*4"),
        ("e\u0301te\u0301 and \u1112\u1161\u11ab", "été and 한"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
        (" \u200b\r\n", ""),
    ],
)
def test_the_table(source: str, plain: str) -> None:
    assert normalise(source).text == plain


@pytest.mark.parametrize(
    "text", ["日本語の「文」です。", "Привет, мир!", "สวัสดีครับ", "مرحبا بالعالم؟", "한국어 문장.", "naïve Ærø ßtraße 3.5 %"]
)
def test_letters_of_all_scripts_stay(text: str) -> None:
    assert normalise(text).text == text


@given(st.text(max_size=200))
def test_every_character_knows_its_source(source: str) -> None:
    plain = normalise(source)
    spans = [plain.source_span(at, at + 1) for at in range(len(plain.text))]
    assert all(0 <= start < end <= len(source) for start, end in spans)
    assert all(one[0] <= other[0] and one[1] <= other[1] for one, other in pairwise(spans))


@given(st.text(max_size=200))
def test_no_letter_or_digit_is_lost_or_invented(source: str) -> None:
    def letters(text: str) -> str:
        return "".join(character for character in unicodedata.normalize("NFC", text) if character.isalnum())

    # Composition may cross a removed invisible character; what counts is that both hold the same letters once composed.
    visible = "".join(c for c in source if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Mn") or c in "\u200c\u200d")
    plain = "".join(c for c in normalise(source).text if unicodedata.category(c) != "Mn")
    if unicodedata.is_normalized("NFC", source) and "ʼ" not in source:
        assert letters(plain) == letters(visible)


@given(st.text(alphabet="abc .,!?—–-…“”‘’'\n\t*_", max_size=60))
def test_the_result_is_single_spaced_and_trimmed(source: str) -> None:
    plain = normalise(source).text
    assert plain == plain.strip()
    assert "  " not in plain
    assert not set("—–…“”‘’\n\t") & set(plain)


@given(st.text(alphabet="ab1é好 \n\u00a0\u200b—-–.…'\"“‘!?,*_\u0301\u1100\u1161\u00ad", max_size=80))
def test_in_parts_it_is_the_same_as_at_once(text: str) -> None:
    at_once = normalise(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("capabilities.voiceover.script.normalise._BLOCK", 4)
        assert normalise(text) == at_once


@pytest.mark.parametrize("text", ["好" * 1_000_000, '"' * 1_000_000, "word " * 200_000])
def test_no_search_goes_over_a_whole_long_text(text: str) -> None:
    parts = list(_blocks(text, 0, len(text)))
    assert parts[0][0] == 0 and parts[-1][1] == len(text) and all(one[1] == other[0] for one, other in pairwise(parts))
    assert max(end - start for start, end in parts) <= 65_536
