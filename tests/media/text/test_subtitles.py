from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.errors import MediaError
from media.text.cues import Cue, TimedWord
from media.text.formats import parse_srt, to_srt, to_vtt
from media.text.layout import tidy

LONG = (
    "The quick brown fox jumps over the lazy dog, and then it sleeps for a very long time under the old oak tree. "
    "Nobody knows why it does that, but everyone has a theory of their own."
)


def words_of(cues: list[Cue]) -> str:
    return " ".join(" ".join(cue.text.split()) for cue in cues)


def check(cues: list[Cue], total: float | None = None) -> None:
    for cue in cues:
        assert cue.start < cue.end and len(cue.text.split("\n")) <= 2 and all(len(line) <= 42 for line in cue.text.split("\n"))
    for one, following in pairwise(cues):
        assert one.end <= following.start and one.start < following.start
    if total is not None and cues:
        assert cues[-1].end <= total


def test_srt_to_the_letter() -> None:
    cues = [Cue(0, 1.5, "Hello."), Cue(3661.0015, 3662.9996, "Two\n\nlines --> here", "Anna")]
    assert to_srt(cues) == ("1\n00:00:00,000 --> 00:00:01,500\nHello.\n\n2\n01:01:01,002 --> 01:01:03,000\nTwo\nlines → here\n")


def test_vtt_to_the_letter() -> None:
    cues = [Cue(0, 1.5, "Fish & <chips> --> now"), Cue(1.5, 2, "Yes.", "Anna & <Bob>\n")]
    assert to_vtt(cues) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nFish &amp; &lt;chips&gt; --&gt; now\n\n"
        "00:00:01.500 --> 00:00:02.000\n<v Anna &amp; &lt;Bob&gt;>Yes.</v>\n"
    )


def test_no_cues_are_valid_files() -> None:
    assert to_srt([]) == "" and to_vtt([]) == "WEBVTT\n" and parse_srt("") == []


def test_srt_is_read_back() -> None:
    cues = [Cue(0.25, 1.5, "Hello."), Cue(2, 3.125, "Two\nlines"), Cue(100_000, 100_001, "Late")]
    assert parse_srt(to_srt(cues)) == cues
    assert parse_srt("\ufeff" + to_srt(cues).replace("\n", "\r\n")) == cues
    assert parse_srt("00:00:01.000 --> 00:00:02.000\nNo number, points") == [Cue(1, 2, "No number, points")]


@pytest.mark.parametrize("text", ["Hello", "1\n00:00:01 -> 00:00:02\nx", "1\n\n2\n00:00:01,000 --> x\ny"])
def test_what_is_not_srt_is_refused(text: str) -> None:
    with pytest.raises(MediaError, match="not the start of a subtitle"):
        parse_srt(text)


def test_a_long_cue_is_split_at_words_and_keeps_every_one() -> None:
    cues = tidy([Cue(2, 14.5, LONG, "Anna")], total_seconds=15)
    check(cues, 15)
    assert words_of(cues) == LONG and {cue.speaker for cue in cues} == {"Anna"}
    assert cues[0].start == 2 and cues[-1].end == 14.5
    assert any(cue.text.endswith("tree.") for cue in cues), "a sentence's end is a good place to split"


def test_split_times_come_from_timed_words() -> None:
    """All the time goes to the last words: shares of characters would be far off."""
    spoken = LONG.replace(",", "").replace(".", "").split()
    times = [TimedWord(word, 0.1 * index, 0.1 * index + 0.1) for index, word in enumerate(spoken[:-6])]
    late = 0.1 * len(times) + 10
    times += [TimedWord(word, late + index, late + index + 0.9) for index, word in enumerate(spoken[-6:])]
    cues = tidy([Cue(0, late + 6, LONG, words=tuple(times))], shortest_seconds=0.1)
    check(cues)
    assert words_of(cues) == LONG
    begins = {word.text: word.start for word in times[-6:]}
    last = cues[-1].text.split()[0].strip(",.")
    assert cues[-1].start == pytest.approx(begins.get(last, cues[-1].start), abs=0.15)
    assert cues[0].end < 2.5


def test_a_slow_cue_is_split_by_time() -> None:
    cues = tidy([Cue(0, 20, "One two three four five six seven eight nine ten.")], longest_seconds=7)
    check(cues)
    assert len(cues) >= 2 and max(cue.end - cue.start for cue in cues) < 12


def test_text_without_spaces_is_split_inside() -> None:
    text = "今日はとても良い天気ですから、公園へ散歩に行きましょう。" * 6
    cues = tidy([Cue(0, 30, text)])
    check(cues)
    assert "".join(cue.text.replace("\n", "") for cue in cues) == text or words_of(cues).replace(" ", "") == text


def test_overlaps_go_and_short_cues_stay_as_long_as_there_is_room() -> None:
    cues = tidy(
        [Cue(0, 5, "One", "A"), Cue(3, 3.1, "Two", "B"), Cue(6, 6.1, "Three", "C"), Cue(6.3, 6.4, "Four", "D")], total_seconds=6.5
    )
    check(cues, 6.5)
    assert [(cue.start, cue.end) for cue in cues] == [(0, 3), (3, 3.8), (6, 6.3), (6.3, 6.5)]


def test_a_flicker_between_cues_is_closed_and_a_pause_is_not() -> None:
    cues = tidy([Cue(0, 1, "One", "A"), Cue(1.12, 2, "Two", "B"), Cue(2.6, 4, "Three", "A")])
    assert [(cue.start, cue.end) for cue in cues] == [(0, 1.12), (1.12, 2), (2.6, 4)]


def test_cues_after_the_end_and_empty_ones_are_left_out() -> None:
    assert tidy([Cue(0, 1, " \n "), Cue(5, 6, "late")], total_seconds=5) == []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 100), st.floats(0, 20), st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=300)
        ),
        max_size=12,
    ),
    st.one_of(st.none(), st.floats(0, 90)),
)
def test_whatever_comes_in_is_tidy_and_survives_srt(raw: list[tuple[float, float, str]], total: float | None) -> None:
    cues = tidy([Cue(start, start + length, text) for start, length, text in raw], total_seconds=total)
    check(cues, total)
    if total is None:
        kept = [" ".join(text.split()) for _, _, text in sorted(raw, key=lambda one: one[0]) if text.split()]
        assert "".join(words_of(cues).split()) == "".join("".join(kept).split())
    times = [(cue.start, cue.end) for cue in parse_srt(to_srt(cues))]
    assert times == [(cue.start, cue.end) for cue in cues]


@given(st.floats(0.01, 200), st.integers(1, 3))
def test_no_cue_ends_after_the_whole_to_the_last_bit(total: float, count: int) -> None:
    for seconds in (total, 79.99999999999999, 6.1, float(round(total))):
        cues = tidy([Cue(index, 300, "words") for index in range(count)], total_seconds=seconds)
        assert all(cue.end <= seconds for cue in cues)
        assert seconds < 0.01 or (cues and seconds - cues[-1].end < 0.0011)


CHINESE = (
    "天空中飘着几朵白云远处的山峦在夕阳下显得格外宁静孩子们在河边追逐嬉戏老人们坐在树下聊着过去的事情"
    "村子里升起了袅袅炊烟一切都是那么平和安详"
)
JAPANESE = "彼女は昨日の夜遅くまで図書館で本を読んでいたので、今朝はとても眠そうな顔をして電車に乗っていました。"


@pytest.mark.parametrize(
    ("text", "words"), [(CHINESE, ("夕阳", "孩子们", "炊烟", "过去")), (JAPANESE, ("図書館", "今朝", "電車"))]
)
def test_unspaced_text_has_lines_of_at_most_twenty_characters_and_whole_words(text: str, words: tuple[str, ...]) -> None:
    cues = tidy([Cue(0, 15, text)])
    lines = [line for cue in cues for line in cue.text.split("\n")]
    assert "".join(lines) == text
    assert max(map(len, lines)) <= 20
    assert all(cue.end - cue.start <= 7.6 for cue in cues)
    assert all(any(word in line for line in lines) for word in words)
    assert not any(line[0] in "、。" for line in lines)


def test_short_sentences_share_a_cue_and_two_speakers_do_not() -> None:
    brief = [Cue(at * 0.85, at * 0.85 + 0.4, word) for at, word in enumerate(["Yes.", "No.", "Why?", "Go.", "Now."])]
    assert [cue.text for cue in tidy(brief)] == ["Yes. No. Why? Go. Now."]
    assert [cue.text for cue in tidy([Cue(0, 0.5, "Yes.", "Anna"), Cue(0.7, 1.2, "No.", "Ben")])] == ["Yes.", "No."]
    assert len(tidy([Cue(0, 0.5, "Yes."), Cue(3, 3.5, "No.")])) == 2, "a pause parts them"


def test_what_is_spoken_too_fast_stays_to_be_read() -> None:
    fast = "The quick brown foxes ran over the fields."
    cues = tidy([Cue(at * 2.2, at * 2.2 + 1.7, fast) for at in range(5)])
    speeds = [len(cue.text.replace("\n", " ")) / (cue.end - cue.start) for cue in cues]
    assert max(speeds) <= 20.01
    assert all(one.end <= other.start for one, other in pairwise(cues))


def test_limits_are_options() -> None:
    cues = tidy([Cue(0, 6, LONG[:120])], longest_line=30, lines=1, fastest=10)
    assert all("\n" not in cue.text and len(cue.text) <= 30 for cue in cues)


def test_tags_and_emphasis_are_not_shown() -> None:
    assert "Use this now, a < b — “so”\n" in to_srt([Cue(0, 1, "Use <b>this</b> **now**, a < b — “so”")])
