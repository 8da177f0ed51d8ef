"""A session by a simulated clock: turns, answers, interruptions, and what the history holds of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from capabilities.conversation.session.events import (
    Ducked,
    NothingSaid,
    Paused,
    PersonSaid,
    ReplyBegun,
    ReplyCut,
    ReplyEnded,
    ReplyText,
    Resumed,
    SoundChunk,
    SpeechStarted,
)
from capabilities.conversation.session.settings import SessionSettings, TurnDetection
from capabilities.conversation.session.values import AsideKind, CutReason
from tests.capabilities.conversation.session.simulated import SOUND_RATE, WORD_SECONDS, Simulation, hum, noise

LONG = " ".join(f"word{number}" for number in range(60)) + "."


def simulated(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    def run(*args: Any) -> None:
        asyncio.run(test(*args))

    run.__name__ = test.__name__
    return run


@simulated
async def test_what_is_said_is_answered_and_heard() -> None:
    talk = await Simulation("It is *fine* today. Take no umbrella! 😀").open()
    await talk.ask()
    await talk.run(3)
    said, ended = talk.of(PersonSaid)[0], talk.of(ReplyEnded)[0]
    assert isinstance(said, PersonSaid) and isinstance(ended, ReplyEnded)
    assert said.text == "What is the weather like?" and 0 <= said.start < said.end
    assert ended.text == "It is fine today. Take no umbrella!"
    assert [(one.role, one.text) for one in talk.session.history] == [("user", said.text), ("assistant", ended.text)]
    times = ended.times
    assert 0 < times.speech_end < times.pause <= times.words <= times.first_token <= times.turn_end  # foreseen
    assert times.first_token <= times.first_clause <= times.first_sound < times.first_heard
    assert (times.first_sound - times.speech_end) / 16_000 < 0.5  # a short question waits for 0.25 s of silence


@simulated
async def test_an_answer_is_begun_in_the_pause_and_dropped_where_the_person_goes_on() -> None:
    """Words without a full stop are waited on for 0.8 s: by then the answer is written, spoken and only has to be sent."""
    talk = await Simulation("Never told.", "It is fine.").open()
    talk.ear.text = "I was at the sea"
    await talk.run(0.8, speech=True)
    await talk.run(0.5)
    assert len(talk.mind.asked) == 1 and not talk.of(PersonSaid) and not talk.of(ReplyBegun) and not talk.of(ReplyText)
    talk.ear.text = "I was at the sea and it was cold"
    await talk.run(0.6, speech=True)
    await talk.run(0.5)
    assert len(talk.mind.asked) == 2 and not talk.of(SoundChunk)
    await talk.run(1.5)
    (said,), (ended,) = talk.of(PersonSaid), talk.of(ReplyEnded)
    assert isinstance(said, PersonSaid) and said.text == "I was at the sea and it was cold"
    assert isinstance(ended, ReplyEnded) and ended.text == "It is fine." and len(talk.of(ReplyBegun)) == 1
    assert len(talk.mind.asked) == 2 and talk.mind.asked[1][-1].content == said.text
    times = ended.times
    assert times.first_token < times.turn_end and times.first_sound - times.turn_end <= 640  # 40 ms
    assert [event.at for event in talk.events] == sorted(event.at for event in talk.events)


@simulated
async def test_speech_ducks_and_stops_the_reply_within_300_ms() -> None:
    talk = await Simulation(LONG).open()
    await talk.ask()
    await talk.run(2)
    onset = talk.session.now
    await talk.run(0.5, speech=True)
    ducked, paused = talk.of(Ducked)[0], talk.of(Paused)[0]
    assert (ducked.at - onset) / 16_000 <= 0.1
    assert (paused.at - onset) / 16_000 <= 0.3
    talk.ear.text = "Tell me about the sea instead."
    await talk.run(0.5, speech=True)
    await talk.run(1.2)
    cut = talk.of(ReplyCut)[0]
    assert isinstance(cut, ReplyCut) and cut.reason is CutReason.INTERRUPTED
    assert cut.heard and cut.unheard and cut.heard.split()[-1] != cut.unheard.split()[-1]
    assert talk.mind.asked[1][-2].content == cut.heard
    assert talk.mind.asked[1][-1].content == "Tell me about the sea instead."


@pytest.mark.parametrize(
    ("sound", "text", "kind"), [(noise, "", AsideKind.NOISE), (hum, "Mhm.", AsideKind.BACKCHANNEL)], ids=["cough", "mhm"]
)
def test_a_cough_and_a_hum_only_duck(sound: Any, text: str, kind: AsideKind) -> None:
    async def run() -> None:
        talk = await Simulation(LONG).open()
        await talk.ask()
        await talk.run(2)
        talk.sound, talk.ear.text = sound, text
        await talk.run(0.4, speech=True)
        await talk.run(1)
        assert talk.of(Ducked) and not talk.of(Paused) and not talk.of(ReplyCut)
        resumed = talk.of(Resumed)[0]
        assert isinstance(resumed, Resumed) and resumed.aside is kind and resumed.first == -1
        assert len(talk.of(PersonSaid)) == 1

    asyncio.run(run())


@simulated
async def test_yes_stops_for_a_moment_and_goes_on_at_the_word() -> None:
    talk = await Simulation(LONG).open()
    await talk.ask()
    await talk.run(2)
    talk.ear.text = "Yeah, right."
    await talk.run(0.45, speech=True)
    assert talk.of(Paused)
    at = talk.listener.position
    await talk.run(0.6)
    resumed = talk.of(Resumed)[0]
    assert isinstance(resumed, Resumed) and resumed.aside is AsideKind.BACKCHANNEL
    length = int(WORD_SECONDS * SOUND_RATE)
    assert resumed.first % length == 0 and 0 <= at - resumed.first < length
    await talk.run(15)
    ended = talk.of(ReplyEnded)[0]
    assert isinstance(ended, ReplyEnded) and ended.text == LONG
    assert len(talk.session.history) == 2


@simulated
async def test_a_short_stop_is_obeyed_and_not_answered() -> None:
    talk = await Simulation(LONG).open()
    await talk.ask()
    await talk.run(2)
    talk.ear.text = "Stop!"
    await talk.run(0.18, speech=True)
    await talk.run(1.5)
    assert talk.of(ReplyCut) and len(talk.mind.asked) == 1


@simulated
async def test_a_cough_while_it_thinks_does_not_leave_it_mute() -> None:
    talk = await Simulation("It is fine today.").open()
    talk.mind.thinking = 40
    await talk.run(0.8, speech=True)
    await talk.run(0.5)
    assert len(talk.mind.asked) == 1 and not talk.session.sounding()
    talk.sound, talk.ear.text = noise, ""
    await talk.run(0.2, speech=True)
    await talk.run(4)
    ended = talk.of(ReplyEnded)
    assert [one.text for one in ended if isinstance(one, ReplyEnded)] == ["It is fine today."]


@simulated
async def test_what_nobody_said_is_not_answered() -> None:
    talk = await Simulation().open()
    talk.sound, talk.ear.text = noise, "Thank you."
    await talk.run(0.4, speech=True)
    await talk.run(1.5)
    assert talk.of(SpeechStarted) and talk.of(NothingSaid) and not talk.mind.asked and not talk.session.history


@simulated
async def test_an_open_sentence_waits_for_its_end() -> None:
    talk = await Simulation().open()
    talk.ear.text = "I would like to know and"
    await talk.run(0.8, speech=True)
    await talk.run(0.8)
    assert not talk.of(PersonSaid)
    talk.ear.text = "I would like to know and understand it."
    await talk.run(0.5, speech=True)
    await talk.run(0.8)
    said = talk.of(PersonSaid)
    assert [one.text for one in said if isinstance(one, PersonSaid)] == [talk.ear.text]


@pytest.mark.parametrize("prefix", [0.0, 0.3, 2.0])
def test_the_ear_is_given_what_lies_before_the_first_speech(prefix: float) -> None:
    """So much as is asked for, also when it is changed while the session goes on."""

    async def run() -> None:
        talk = await Simulation("Fine.").open()
        await talk.session.update(SessionSettings(echo="headphones", turns=TurnDetection(prefix=prefix)))
        for _ in range(2):
            await talk.run(3)
            onset = talk.session.now
            await talk.ask()
            started = talk.of(SpeechStarted)[-1]
            assert isinstance(started, SpeechStarted)
            assert prefix <= (onset - started.start) / 16_000 <= prefix + 0.064
            assert talk.ear.heard[-1] >= prefix + 0.8

    asyncio.run(run())


@simulated
async def test_that_was_no_interruption() -> None:
    talk = await Simulation(LONG, "Pardon?").open()
    await talk.ask()
    await talk.run(2)
    talk.ear.text = "Somebody at the door."
    await talk.run(1.4, speech=True)
    await talk.run(0.6)
    assert talk.of(ReplyCut)
    await talk.session.was_no_interruption()
    await talk.run(16)
    assert [one.text for one in talk.session.history] == ["What is the weather like?", LONG]


@simulated
async def test_half_duplex_hears_nothing_while_it_speaks() -> None:
    talk = await Simulation(LONG, settings=SessionSettings(echo="half duplex")).open()
    await talk.ask()
    await talk.run(1)
    await talk.run(1, speech=True)
    assert not talk.of(Ducked) and not talk.of(ReplyCut)
    await talk.session.cancel()
    assert talk.of(ReplyCut)


@simulated
async def test_turns_by_hand_and_in_writing() -> None:
    talk = await Simulation("Good.", settings=SessionSettings(turns=TurnDetection(automatic=False))).open()
    talk.ear.text = "Hello there."
    await talk.run(0.8, speech=True)
    await talk.run(3)
    assert not talk.of(PersonSaid)
    await talk.session.commit()
    await talk.run(1)
    assert len(talk.of(PersonSaid)) == 1 and len(talk.mind.asked) == 1
    await talk.session.send_text("And you?")
    await talk.run(1)
    assert [one.text for one in talk.session.history] == ["Hello there.", "Good.", "And you?", "Good."]


@simulated
async def test_history_is_what_was_played_after_random_interruptions() -> None:
    """At most one word off, however often and whenever it is cut."""
    chance = random.Random(3)
    talk = await Simulation(LONG).open()
    for _ in range(25):
        before = len(talk.listener.played)
        await talk.ask()
        await talk.run(chance.uniform(0.0, 6.0), listening=chance.random() < 0.9)
        stream = talk.listener.stream
        if chance.random() < 0.5:
            talk.ear.text = "Please tell me something else."
            await talk.run(1.3, speech=True)
        else:
            await talk.session.cancel()
        cut = talk.of(ReplyCut)[-1]
        assert isinstance(cut, ReplyCut)
        reached = max((end for number, _, end in talk.listener.played[before:] if number == stream), default=0)
        heard = len(cut.heard.split())
        assert abs(heard - reached / (WORD_SECONDS * SOUND_RATE)) <= 1, (heard, reached)
        assert cut.heard == " ".join(LONG.split()[:heard])
        await talk.session.cancel()
        talk.session._floor.clear()
        await talk.run(0.3)
        spoken = [one.text for one in talk.session.history if one.role == "assistant"]
        assert all(LONG.startswith(one) for one in spoken)


@simulated
async def test_no_stale_sound_after_many_cancels() -> None:
    talk = await Simulation(LONG).open()
    for number in range(200):
        await talk.session.send_text("Go on.")
        await talk.run(0.02 * (number % 7))
        await talk.session.cancel()
        newest = max((one.stream for one in talk.of(SoundChunk) if isinstance(one, SoundChunk)), default=0)
        await talk.run(0.04)
        after = [one for one in talk.of(SoundChunk) if isinstance(one, SoundChunk) and one.stream > newest]
        assert not after and not talk.listener.ring
    assert talk.listener.stale == 0
    assert len(talk.session._answering._making) == 0
