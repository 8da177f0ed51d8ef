from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from capabilities.voiceover.script.chunk import chunk
from capabilities.voiceover.script.normalise import normalise
from capabilities.voiceover.script.parse import speakable

WORDS = st.text(alphabet="abcdefgh’é", min_size=1, max_size=14)
MARKS = st.sampled_from(["", "", "", ",", ";", ":", ".", "!", "?", " —", "…", ")"])
SPACES = st.sampled_from([" ", " ", "\n", "\t ", "\u00a0", "\r\n"])
PROSE = st.lists(st.tuples(WORDS, MARKS, SPACES), min_size=1, max_size=60).map(lambda parts: "".join(map("".join, parts)))
UNSPACED = st.text(alphabet="吾輩は猫である。名前、まだ無い「」ガパ゛สวัสดีครับ。", min_size=1, max_size=120)


def squeezed(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=150)
@given(PROSE, st.integers(20, 90))
def test_chunks_hold_the_whole_text_within_the_limit_and_split_no_word(text: str, longest: int) -> None:
    chunks = chunk(text, "en", longest)
    plain = normalise(text).text
    if not speakable(plain):
        assert chunks == []
        return
    assert squeezed("".join(each.text for each in chunks)) == squeezed(plain)
    assert " ".join(each.text for each in chunks).split() == plain.split()
    assert all(0 < len(each.text) <= longest for each in chunks)


@given(st.one_of(PROSE, UNSPACED), st.integers(15, 90))
@example("aaaaaaaaaaaaa… a ", 15)  # a cut within the three points
def test_spans_rise_and_point_to_the_source(text: str, longest: int) -> None:
    end = 0
    for each in chunk(text, "en", longest):
        assert end <= each.start < each.end <= len(text)
        assert normalise(text[each.start : each.end]).text.strip(" -.") == each.text.strip(" -.")
        end = each.end


@given(UNSPACED, st.integers(4, 40))
def test_scripts_without_spaces_keep_their_visible_characters_whole(text: str, longest: int) -> None:
    chunks = chunk(text, "ja", longest)
    assert all(len(each.text) <= longest for each in chunks)
    spoken = "".join(each.text for each in chunks)
    assert [c for c in spoken if c.isalnum()] == [c for c in normalise(text).text if c.isalnum()]
    for each in chunks[1:]:
        if len(text) > 12 and longest >= 12:
            assert unicodedata.category(each.text[0]) != "Mn" or not text[max(0, each.start - 1)].isalnum()


def test_sentences_stay_alone() -> None:
    text = 'Dr. Brown came at 5 p.m. and left. "Oh dear!" she said. It cost $3.50. Yes. No.'
    assert [each.text for each in chunk(text, "en", 300)] == [
        "Dr. Brown came at 5 p.m. and left.", '"Oh dear!" she said.', "It cost $3.50.", "Yes.", "No.",
    ]  # fmt: skip


def test_an_opening_quote_stays_with_what_it_opens() -> None:
    assert [each.text for each in chunk("Stop! ‘Go on,’ she said.", "en", 300)] == ["Stop!", "'Go on,' she said."]


def test_soft_splits_prefer_the_stronger_mark() -> None:
    text = "one two three, four five six; seven eight nine, ten eleven twelve"
    assert [each.text for each in chunk(text, "en", 40)] == [
        "one two three, four five six;",
        "seven eight nine, ten eleven twelve",
    ]
    assert [each.text for each in chunk("one two three four, five six seven", "en", 25)] == [
        "one two three four,",
        "five six seven",
    ]


@pytest.mark.parametrize(
    ("text", "language"),
    [("今天天气很好。我们去公园吧！你去吗？", "zh"), ("これは本です。あれは？猫だ！", "ja"), ("यह अच्छा है। ठीक है? हाँ।", "hi")],
)
def test_sentence_marks_of_other_scripts(text: str, language: str) -> None:
    assert len(chunk(text, language, 300)) == 3


def test_a_word_longer_than_the_limit_is_the_one_that_is_cut() -> None:
    address = "https://example.org/" + "a" * 480
    chunks = chunk(f"See {address} for more.", "en", 100)
    assert "".join(each.text for each in chunks).replace(" ", "") == f"See{address}formore."
    assert all(len(each.text) <= 100 for each in chunks)


def test_nothing_to_say_gives_nothing_and_lone_marks_join_their_neighbour() -> None:
    assert chunk("* * *", "en", 100) == []
    assert [each.text for each in chunk("Yes. * * * No.", "en", 100)] in (["Yes. * * *", "No."], ["Yes.", "* * * No."])


def test_numbers_are_not_split_at_their_commas_and_colons() -> None:
    text = "At 10:30 there were 1,234,567 of them and at 11:45 there were 7,654,321 of them"
    words = [word for each in chunk(text, "en", 30) for word in each.text.split()]
    assert words == text.split()


_WHOLE = """
en Mr. Hale met Ms. Ray.
en See Vol. 3 and ch. 4, approx. 5 in. wide, vol. II, ed. 2.
en Tel.: 0800 123.
en Prof. Orr and Capt. Hook saw Sgt. Hill, Rev. Lee and Gen. May at Ft. Worth.
en On p. 12 and pp. 3-5 stands fig. 7.
fr M. Dupont et Mme. Roux ont vu MM. Blanc.
fr Voir p. 3, vol. II et chap. 4.
de Das steht in Bd. 2 auf S. 5, vgl. Abb. 3, z. B. bei Hrn. Kuhn.
es D. Juan vio a la Sra. Gil en la pág. 3.
it Il sig. Rossi e la sig.ra Bianchi, pag. 3.
nl Dhr. de Vries en mw. Jansen, blz. 3.
pt A Sra. Costa leu a pág. 3.
"""
_PARTED = """
en He said no. | Then he left.
en The wall is 5 ft. | Then it ends.
en We came at 5 p.m. | He left.
en They sold pens, ink etc. | And so on.
en It was his vol. | She had hers.
de Er kam um 5. | Dann ging er.
"""


@pytest.mark.parametrize("line", _WHOLE.strip().splitlines())
def test_no_cut_after_an_abbreviation(line: str) -> None:
    language, _, whole = line.partition(" ")
    assert [piece.text for piece in chunk(whole, language, 300)] == [whole]


@pytest.mark.parametrize("line", _PARTED.strip().splitlines())
def test_a_full_stop_behind_what_only_looks_like_one_ends_the_sentence(line: str) -> None:
    language, _, text = line.partition(" ")
    sentences = text.split(" | ")
    assert [piece.text for piece in chunk(" ".join(sentences), language, 300)] == sentences
