"""The parts of a session that are pure: what is spoken of an answer, whose turn it is, what a sound over a reply is."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from capabilities.conversation.session.barge_in.backchannels import backchannel, own_words, says_stop
from capabilities.conversation.session.barge_in.echo import LONGEST_DELAY, echo_share
from capabilities.conversation.session.barge_in.judge import ECHO
from capabilities.conversation.session.barge_in.voicing import features_of
from capabilities.conversation.session.contract import HistoryItem
from capabilities.conversation.session.history import MOST_CHARACTERS, ConversationHistory
from capabilities.conversation.session.listening.agreement import PartialAgreement
from capabilities.conversation.session.listening.ghosts import ghost
from capabilities.conversation.session.listening.turn_end import FINISHED, SHORT_QUESTION, pause_after
from capabilities.conversation.session.speaking.clauses import ClauseCutter
from capabilities.conversation.session.speaking.playback import CHUNK, LEAD, Playback
from capabilities.conversation.session.speaking.spoken_copy import spoken_copy
from capabilities.conversation.session.speaking.thoughts import ThoughtFilter
from capabilities.conversation.session.speaking.word_times import StreamedWords, timed_words
from capabilities.conversation.session.values import ReplyWord
from engines.contract import TimedMark
from media.audio.decode import decode_audio
from media.audio.resample import resample

ANSWER = (
    "<think>They ask for the price, hmm.</think>Well, of course! **Mr. Smith** paid 3.50 dollars 😀 for it. See "
    "[this page](http://x.y/z) or https://a.b/c.\n\n# Title\n- one\n- two\n```py\nprint(1)\n```\nAfter code. Done"
)
SPOKEN = [
    "Well, of course!", "Mr. Smith paid 3.50 dollars for it.", "See this page or", "Title", "one", "two", "After code.", "Done",
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
def test_an_answer_is_cut_into_the_same_clauses_however_it_arrives(size: int) -> None:
    thoughts, cutter = ThoughtFilter(), ClauseCutter("en")
    said: list[str] = []
    for at in range(0, len(ANSWER), size):
        said += cutter.feed(thoughts.feed(ANSWER[at : at + size]))
    said += cutter.feed(thoughts.finish()) + cutter.finish()
    assert said == SPOKEN


def test_the_first_clause_comes_before_the_sentence_is_over() -> None:
    cutter = ClauseCutter("en")
    assert cutter.feed("In the beginning, there was ") == ["In the beginning,"]
    assert cutter.feed("a word, and then") == []


def test_a_thought_that_was_opened_in_the_prompt_is_taken_back() -> None:
    thoughts = ThoughtFilter()
    assert thoughts.feed("Let me see") == "Let me see"
    assert thoughts.feed("</think>Yes.") == "Yes." and thoughts.restarted


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("| a | b |", "a, b"),
        ("|---|---|", ""),
        ("😀👍🏽", ""),
        ("2 * 3 = 6", "2 * 3 = 6"),
        ("snake_case", "snake_case"),
        ("*so* good", "so good"),
    ],
)
def test_the_spoken_copy(written: str, said: str) -> None:
    assert spoken_copy(written) == said


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("What time is it?", SHORT_QUESTION), ("Can you help me?", SHORT_QUESTION), ("what time is it", SHORT_QUESTION),
        ("I went to the", 1.2), ("Well, um", 1.2), ("Hello there.", FINISHED), ("", 1.2),
    ],
)  # fmt: skip
def test_how_long_a_pause_may_be(text: str, seconds: float) -> None:
    assert pause_after(text, "en", 1.2) == seconds


def test_words_that_nobody_said() -> None:
    assert ghost("Thank you.", 0.4, 0.6) and ghost("Thanks for watching!", 3.0, 0.1) and ghost("[Music]", 3.0, 0.9)
    assert ghost("no no no no no no no no no no no no", 3.0, 0.9) and ghost("a word " * 60, 1.0, 0.9)
    assert not ghost("Thank you.", 0.8, 0.7) and not ghost("What is the weather like?", 0.7, 0.6)


def test_words_that_say_go_on_and_words_that_say_stop() -> None:
    assert all(map(backchannel, ("Mhm.", "Yeah, right.", "Okay.", "Uh-huh", "Ja, genau.")))
    assert not any(map(backchannel, ("Yeah, but wait.", "No.", "", "Tell me about the sea.")))
    assert says_stop("Stop!") and says_stop("Stop it now please") and not says_stop("Why?")
    assert own_words("printing press was invented", ["The printing press was invented in Mainz."])
    assert not own_words("who invented the printing press", ["The printing press was invented in Mainz."])


def voice(name: str) -> np.ndarray:
    return resample(decode_audio(Path("assets/voices") / f"{name}.wav").mono(), 16_000).samples[:, 0]


@pytest.mark.parametrize(("delay", "decibels"), [(0.0, -6), (0.08, -12), (0.25, -20)])
def test_the_loudspeaker_is_known_and_a_person_is_not_taken_for_it(delay: float, decibels: float) -> None:
    chance = np.random.default_rng(3)
    played, person = voice("LJ001-0001"), voice("LJ001-0005")
    lead, length = int(LONGEST_DELAY * 16_000), 4096
    echoes, people = [], []
    for start in range(20_000, 110_000, 9_000):
        heard = played[start - int(delay * 16_000) :][:length] * 10 ** (decibels / 20)
        hiss = chance.standard_normal(length).astype(np.float32) * 5e-4
        reference = played[start - lead : start + length + 800]
        echoes.append(echo_share(heard + hiss, reference))
        people.append(echo_share(person[start : start + length] + hiss, reference))
    assert np.mean([one >= ECHO for one in echoes]) >= 0.9, echoes
    assert np.mean([one >= ECHO for one in people]) == 0, people


def test_a_voice_has_a_pitch_and_a_cough_has_none() -> None:
    chance = np.random.default_rng(3)
    assert features_of(voice("LJ001-0001")[16_000:20_096]).voiced > 0.4
    assert features_of((chance.standard_normal(4096) * 0.2).astype(np.float32)).voiced < 0.1


def test_words_lie_where_the_engine_says_or_where_their_letters_are() -> None:
    sound = np.ones(24_000, np.float32)
    marks = [TimedMark("twelve", 0.0, 0.5, 0, 6), TimedMark("tickets", 0.5, 1.0, 7, 7)]
    exact = timed_words("12 tickets ", "twelve tickets", marks, sound, 24_000)
    assert [one.text for one in exact] == ["12 ", "tickets "] and exact[1].end == 24_000 and all(one.exact for one in exact)
    guessed = timed_words("one three ", "one three", (), sound, 24_000)
    assert [one.end for one in guessed] == [9_600, 24_000] and not guessed[0].exact
    assert [one.text for one in timed_words("今天。", "今天。", (), sound, 24_000)] == ["今", "天", "。"]


def test_words_of_a_stream_are_all_given_out_in_order() -> None:
    text = "one two three four five six "
    streamed = StreamedWords(text, 1_000)
    parts = [(frames, streamed.more(frames)) for frames in (3_000, 500, 9_000)]
    parts.append((4_000, streamed.rest(4_000)))
    at, reached = 0, 0
    for frames, words in parts:
        for word in words:
            assert at + word.start == reached
            reached = at + word.end
        at += frames
    assert "".join(word.text for _, words in parts for word in words) == text and reached == at


def test_no_more_is_sent_than_may_wait_and_old_reports_count_once() -> None:
    playback = Playback(1)
    playback.add(bytes(2 * 10 * LEAD), [ReplyWord(f"w{number} ", LEAD * number, LEAD * (number + 1)) for number in range(10)])
    playback.complete = True
    sent = playback.due(0)
    assert sum(len(one.pcm) // 2 for one in sent) == LEAD and max(len(one.pcm) for one in sent) == 2 * CHUNK
    assert playback.acknowledge(1, LEAD + 5_000, 10) and playback.played == LEAD and playback.heard() == "w0"
    assert not playback.acknowledge(1, 10, 20) and not playback.acknowledge(9, 10, 20)
    playback.due(20)
    playback.acknowledge(1, LEAD + 100, 30)
    playback.pause(2, 40)
    assert not playback.due(50)
    assert playback.resume() == LEAD and playback.due(60)[0].first == LEAD and playback.due(61) == []


def test_history_for_the_mind_alternates_and_fits() -> None:
    history = ConversationHistory()
    chance = random.Random(1)
    for number in range(400):
        role = chance.choice(("user", "assistant"))
        history.add(HistoryItem(f"i{number}", role, f"{number} " * 20))  # type: ignore[arg-type]
    system, *chat = history.messages("Be kind.")
    assert system.role == "system" and chat[0].role == "user"
    assert all(one.role != other.role for one, other in pairwise(chat))
    assert sum(len(one.content) for one in chat) <= MOST_CHARACTERS + 2_000


def test_partial_words_settle_when_two_hearings_agree() -> None:
    partial = PartialAgreement()
    assert partial.heard("What is") == ("", "What is")
    assert partial.heard("what is the") == ("what is", "what is the")
    assert partial.heard("What was the weather") == ("What was", "What was the weather")
