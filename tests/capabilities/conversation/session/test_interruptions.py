"""Interruptions by a simulated clock, many and at every moment: what is remembered, what is played, what stops a reply."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from capabilities.conversation.session.events import (
    CLOCK_RATE,
    NothingSaid,
    PersonSaid,
    ReplyCut,
    ReplyEnded,
    Resumed,
    SoundChunk,
    ToolCall,
)
from capabilities.conversation.session.settings import SessionSettings, SessionTool
from tests.capabilities.conversation.session.simulated import SOUND_RATE, WORD_SECONDS, Simulation, voice

LONG = " ".join(f"word{number}" for number in range(60)) + "."
CALL = '{"call": "tide", "arguments": {"place": "Oban"}}'
WORD = int(WORD_SECONDS * SOUND_RATE)
TIDE = SessionTool("tide", "When the tide is high.", {"type": "object"})


def heard_words(talk: Simulation) -> dict[str, int]:
    """How many whole words of each reply came out of the loudspeaker; a word that was broken off does not count."""
    reply_of = {one.stream: one.reply for one in talk.of(SoundChunk) if isinstance(one, SoundChunk)}
    reached: dict[str, int] = {}
    for stream, _, end in talk.listener.played:
        reply = reply_of[stream]
        reached[reply] = max(reached.get(reply, 0), end)
    return {reply: end // WORD for reply, end in reached.items()}


def check_history(talk: Simulation, texts: tuple[str, ...]) -> None:
    """Each reply that is over stands in the history with its first words, as many as were heard, at most one more or less."""
    heard, current = heard_words(talk), talk.session._replies.current
    heard.pop(current.id if current is not None else "", None)
    spoken = {one.id: one.text.split() for one in talk.session.history if one.role == "assistant" and "call" not in one.id}
    for reply, words in spoken.items():
        assert any(text.split()[: len(words)] == words for text in texts), (reply, words)
        assert abs(len(words) - heard.get(reply, 0)) <= 1, (reply, len(words), heard)
    for reply, count in heard.items():
        assert count <= 1 or reply in spoken, (reply, count)


# What the person and the line between do, in any order

ACTIONS = st.one_of(
    st.tuples(st.sampled_from(["listen", "speak", "hum", "cough", "stall", "late"]), st.floats(0.02, 2.5)),
    st.tuples(st.sampled_from(["cancel", "write", "mistaken", "commit", "clear", "respond"]), st.just(0.0)),
)
SAID = ("Please tell me something else.", "Mhm.", "Stop!", "", "And what is that", "Yeah, right.", "Thank you.")


async def act(talk: Simulation, action: str, seconds: float, text: str) -> None:
    """One thing that happens."""
    talk.ear.text = text
    match action:
        case "speak" | "hum" | "cough":
            talk.sound = {"speak": voice, "hum": murmur(140.0), "cough": burst(3)}[action]
            await talk.run(seconds, speech=True)
        case "stall":
            await talk.run(seconds, listening=False)
        case "late":
            talk.listener.delay = round(seconds * 24)
        case "cancel":
            await talk.session.cancel()
        case "write":
            await talk.session.send_text("Go on.")
        case "mistaken":
            await talk.session.was_no_interruption()
        case "commit":
            await talk.session.commit()
        case "clear":
            await talk.session.clear()
        case "respond":
            await talk.session.respond()
        case _:
            await talk.run(seconds)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ACTIONS, st.sampled_from(SAID)), min_size=2, max_size=14), st.integers(0, 30))
def test_history_is_what_was_played_whatever_happens(actions: list[tuple[tuple[str, float], str]], thinking: int) -> None:
    async def run() -> None:
        talk = await Simulation(LONG).open()
        talk.mind.thinking = thinking
        await talk.session.send_text("Begin.")
        for (action, seconds), text in actions:
            await act(talk, action, seconds, text)
        talk.listener.delay = 0
        await talk.run(1.5)
        await talk.session.cancel()
        await talk.run(1.5)
        check_history(talk, (LONG,))
        assert talk.listener.stale == 0 and not talk.listener.ring
        await talk.session.close()

    asyncio.run(run())


def test_ten_cuts_in_a_row() -> None:
    """Each as soon as the answer sounds, over a line that reports late."""

    async def run() -> None:
        talk = await Simulation(LONG).open()
        talk.listener.delay = 40
        for number in range(10):
            await talk.ask(f"Question number {number} is what?")
            await talk.run(0.3 + 0.07 * number)
            talk.ear.text = f"No, another one: {number}."
            if number % 2:
                await talk.session.cancel()
            else:
                await talk.run(1.3, speech=True)
        await talk.session.cancel()
        await talk.run(1.5)
        cuts = talk.of(ReplyCut)
        assert len(cuts) >= 10 and talk.listener.stale == 0
        check_history(talk, (LONG,))
        assert [one.text for one in talk.session.history if one.role == "user"] == [
            one.text for one in talk.of(PersonSaid) if isinstance(one, PersonSaid)
        ]

    asyncio.run(run())


def test_what_was_interrupted_long_ago_goes_on_no_more() -> None:
    async def run() -> None:
        talk = await Simulation(LONG, "Fine.").open()
        await talk.ask()
        await talk.run(1.0)
        for _ in range(12):
            await talk.session.send_text("Next.")
            await talk.run(1.0)
        await talk.session.was_no_interruption()
        await talk.run(1.0)
        assert talk.session.history[-1].text == "Fine." and not talk.session.sounding()

    asyncio.run(run())


@pytest.mark.parametrize("steps", range(0, 24, 3))
def test_a_cut_while_the_first_word_is_awaited(steps: int) -> None:
    """Nothing of the answer that nobody heard is said later or remembered."""

    async def run() -> None:
        talk = await Simulation(LONG).open()
        talk.mind.thinking = 12
        await talk.session.send_text("Begin.")
        await talk.run(0.02 * steps)
        await talk.session.cancel()
        played = len(talk.listener.played)
        await talk.run(1.0)
        assert len(talk.listener.played) == played and not talk.session.sounding()
        check_history(talk, (LONG,))
        talk.mind.texts = ["Fine."]
        await talk.session.send_text("Again.")
        await talk.run(2.0)
        assert talk.session.history[-1].text == "Fine."

    asyncio.run(run())


@pytest.mark.parametrize("before", [0.0, 0.1, 0.4])
def test_a_cut_while_a_function_is_called(before: float) -> None:
    """The person speaks before the function has answered: its result comes late and is known, and is not spoken by itself."""

    async def run() -> None:
        talk = await Simulation(CALL, "It is high at noon.", settings=SessionSettings(echo="headphones", tools=(TIDE,))).open()
        await talk.session.send_text("When is high water in Oban?")
        await talk.run(0.2)
        (call,) = talk.of(ToolCall)
        assert isinstance(call, ToolCall) and not talk.listener.played
        talk.ear.text = "Or rather tell me of the weather."
        await talk.run(before)
        await talk.run(0.8, speech=True)
        await talk.session.tool_result(call.call, '{"at": "noon"}')
        await talk.run(4.0)
        assert [one.role for one in talk.session.history] == ["user", "assistant", "tool", "user", "assistant"]
        assert '"call": "tide"' in talk.session.history[1].text and "noon" in talk.session.history[2].text
        assert talk.session.history[-1].text == "It is high at noon."
        assert len(talk.mind.asked) == 2 and not [one for one in talk.of(ReplyCut) if one.heard]  # type: ignore[attr-defined]

    asyncio.run(run())


def test_no_stale_sound_after_a_thousand_cancels() -> None:
    """By hand, by a new question, and at every moment between the question and the middle of the answer."""

    async def run() -> None:
        talk = await Simulation(LONG).open()
        chance = random.Random(17)
        for _ in range(1_000):
            talk.mind.thinking = chance.randrange(4)
            await talk.session.send_text("Go on.")
            await talk.run(0.02 * chance.randrange(8))
            if chance.random() < 0.7:
                await talk.session.cancel()
                talk.events.clear()
                await talk.run(0.04)
                assert not talk.of(SoundChunk) and not talk.listener.ring
            talk.events.clear()
        await talk.session.cancel()
        assert talk.listener.stale == 0 and not talk.session._answering._making

    asyncio.run(run())


# A hundred sounds that ask for nothing


def burst(seed: int, seconds: float = 0.3, level: float = 0.3) -> Callable[[int], NDArray[np.float32]]:
    """A cough, a bang, a door: noise that dies away, through a filter of its own."""
    chance = np.random.default_rng(seed)
    length = int(seconds * CLOCK_RATE)
    hiss = np.convolve(chance.standard_normal(length), chance.standard_normal(int(chance.integers(2, 24))), "same")
    return _played(level * hiss / np.abs(hiss).max() * np.exp(-np.linspace(0, chance.uniform(1, 6), length)))


def murmur(pitch: float, seconds: float = 0.45, level: float = 0.25, glide: float = 0.1) -> Callable[[int], NDArray[np.float32]]:
    """ "Mhm": a pitch that glides a little, through the nose."""
    length = int(seconds * CLOCK_RATE)
    phase = 2 * np.pi * np.cumsum(pitch * (1 + glide * np.linspace(-1, 1, length))) / CLOCK_RATE
    swell = np.sin(np.linspace(0, np.pi, length)) ** 0.3
    return _played(level * swell * (np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.1 * np.sin(3 * phase)))


def fan(seed: int, seconds: float) -> Callable[[int], NDArray[np.float32]]:
    """Air that rushes."""
    hiss = np.random.default_rng(seed).standard_normal(int(seconds * CLOCK_RATE))
    return _played(0.1 * np.convolve(hiss, np.ones(6) / 6, "same"))


def _played(sound: NDArray[Any]) -> Callable[[int], NDArray[np.float32]]:
    at = [0]

    def next_of(count: int) -> NDArray[np.float32]:
        piece = np.zeros(count, np.float32)
        taken = sound[at[0] : at[0] + count]
        piece[: taken.size] = taken
        at[0] += count
        return piece

    return next_of


def asides() -> list[tuple[str, float, str, Callable[[int], NDArray[np.float32]]]]:
    """A hundred: what it is, how long it lasts, what a recogniser makes of it, and its sound."""
    chance = random.Random(11)
    found: list[tuple[str, float, str, Callable[[int], NDArray[np.float32]]]] = []
    for number in range(100):
        kind = ("mhm", "cough", "mhm", "yeah", "fan")[number % 5]
        seconds = chance.uniform(0.15, 0.55)
        if kind == "mhm":
            text = chance.choice(["Mhm.", "Mm-hmm.", "Hmm.", ""])
            found.append((kind, seconds, text, murmur(chance.uniform(85, 290), seconds, chance.uniform(0.05, 0.4))))
        elif kind == "cough":
            found.append((kind, seconds, chance.choice(["", "Thank you.", "[coughs]"]), burst(number, seconds)))
        elif kind == "yeah":
            found.append((kind, seconds, chance.choice(["Yeah.", "Right.", "Okay.", "Yes, right."]), voice))
        else:
            found.append((kind, 1.5 + seconds, "", fan(number, 1.5 + seconds)))
    return found


def test_two_words_of_agreement_before_a_slow_ear_has_heard_the_first_are_no_interruption() -> None:
    async def run() -> None:
        talk = await Simulation(LONG).open()
        talk.ear.wait = 1.8
        await talk.ask()
        await talk.run(2)
        for _ in range(2):
            talk.sound, talk.ear.text = voice, "Yeah, right."
            await talk.run(0.7, speech=True)
            await talk.run(0.9)
        await talk.run(3)
        assert talk.of(Resumed) and not talk.of(ReplyCut)

    asyncio.run(run())


def test_a_hundred_backchannels_and_noises_end_at_most_five_replies() -> None:
    """The detector takes all of it for speech; each is decided by its sound and its words, and the reply goes on to its end."""

    async def run() -> None:
        wrong: list[str] = []
        talk = await Simulation(LONG).open()
        for kind, seconds, text, sound in asides():
            if not talk.session.sounding() or talk.session._replies.current.playback.played > 40 * WORD:  # type: ignore[union-attr]
                await talk.session.cancel()
                await talk.session.send_text("Go on.")
                await talk.run(0.7)
            cuts, said = len(talk.of(ReplyCut)), len(talk.of(PersonSaid))
            talk.ear.text, talk.sound = text, sound
            await talk.run(seconds, speech=True)
            await talk.run(1.2)
            if len(talk.of(ReplyCut)) > cuts or len(talk.of(PersonSaid)) > said:
                wrong.append(kind)
        assert len(wrong) <= 5, wrong
        assert len(talk.of(Resumed)) >= 90
        await talk.run(16)
        ended = talk.of(ReplyEnded)[-1]
        assert isinstance(ended, ReplyEnded) and ended.text == LONG and talk.of(NothingSaid)

    asyncio.run(run())
