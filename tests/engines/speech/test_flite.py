"""Flite: five voices, options by their effect, exact times, the compiled code's cache, the sandbox."""

from __future__ import annotations

import lzma
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from bench.engines.intelligibility import Recogniser
from engines.contract import EnginePaths, SpeakingVoice, Speech, SpeechRequest
from engines.contract.errors import EngineError, EngineNotReady
from engines.speech.flite import timing as flite_timing
from engines.speech.flite.alignment import word_boundaries
from engines.speech.flite.engine import VOICES, Flite, FliteOptions
from engines.speech.flite.program import FliteProgram, FliteResult, Phone
from engines.speech.flite.text import english
from tests.engines.contract_suite import check_speech, loaded
from tests.engines.sound import loudness_inside_and_outside, pitches, spread

VOICE_IDS = [voice.id for voice in VOICES]
MELODIOUS = "Money may buy a new yellow lamp, anyone may wonder why."
STORY = "The weather was cold, and the road was empty. She opened the window. Nobody knew how the fire had started."

NEWS = "She opened the window and looked at the garden. The doctor told him to drink more water every day."


@pytest.fixture
def with_options(flite: Flite) -> Iterator[Flite]:
    yield flite
    flite.configure(FliteOptions())


def say(engine: Flite, text: str, preset: str = "", **options: Any) -> Speech:
    engine.configure(FliteOptions.model_validate(options))
    return engine.synthesize(SpeechRequest(text, SpeakingVoice(preset)))


def test_the_five_voices_differ_and_share_a_rate(flite: Flite) -> None:
    sounds = [check_speech(flite, STORY, "en", voice).audio for voice in VOICE_IDS]
    assert {audio.rate for audio in sounds} == {16_000}
    assert len({audio.samples.tobytes() for audio in sounds}) == 5


@pytest.mark.parametrize("voice", VOICE_IDS)
def test_phonemes_lie_where_the_sound_is_to_the_last_sentence(flite: Flite, voice: str) -> None:
    speech = say(flite, STORY, voice)
    last = [mark for mark in speech.phonemes if mark.start >= speech.words[-7].start]
    assert len(last) > 15
    tail = speech.audio.slice(last[0].start - 0.1, speech.audio.duration)
    moved = [type(mark)(mark.text, mark.start - last[0].start + 0.1, mark.end - last[0].start + 0.1) for mark in last]
    for audio, marks in ((speech.audio, speech.phonemes), (tail, moved)):
        inside, outside = loudness_inside_and_outside(audio, marks)
        assert inside > 8 * outside
    assert 0 < speech.audio.duration - speech.phonemes[-1].end < 0.3


@pytest.mark.slow
def test_it_can_be_understood_and_words_are_where_a_listener_hears_them(flite: Flite, recogniser: Recogniser) -> None:
    speech = say(flite, NEWS, "rms")
    heard = recogniser.words(speech.audio)
    spoken = [word.text.lower() for word in speech.words]
    assert spoken == NEWS.lower().replace(",", "").replace(".", "").split()
    assert jiwer.wer(" ".join(spoken), " ".join(word for word, _, _ in heard)) < 0.25
    differences = [
        max(abs(start - word.start), abs(end - word.end))
        for word in speech.words
        for text, start, end in heard
        if text == word.text.lower() and abs(start - word.start) < 1
    ]
    assert len(differences) >= 0.7 * len(spoken)
    assert np.median(differences) < 0.06


@pytest.mark.parametrize("voice", VOICE_IDS)
def test_speed_changes_the_length_of_every_voice(with_options: Flite, voice: str) -> None:
    half, own, one, double = (
        say(with_options, STORY, voice, **options).audio.duration
        for options in ({"speed": 0.5}, {}, {"speed": 1.01}, {"speed": 2})
    )
    assert half == pytest.approx(2 * own, rel=0.08)
    assert one == pytest.approx(own, rel=0.03)  # no jump where the option begins to act
    assert double == pytest.approx(own / 2, rel=0.08)


@pytest.mark.parametrize("voice", [voice for voice in VOICE_IDS if voice != "rms"])
def test_pitch_moves_the_melody(with_options: Flite, voice: str) -> None:
    own, higher = (np.median(pitches(say(with_options, MELODIOUS, voice, pitch=value).audio)) for value in (0, 7))
    assert higher / own == pytest.approx(2 ** (7 / 12), rel=0.1)


@pytest.mark.parametrize("voice", ["slt", "awb"])
def test_pitch_range_widens_the_melody(with_options: Flite, voice: str) -> None:
    flat, lively = (pitches(say(with_options, MELODIOUS, voice, pitch_range=value).audio) for value in (3, 50))
    assert spread(lively) > 2 * spread(flat)


def test_a_voice_without_pitch_says_so(with_options: Flite) -> None:
    for options in ({"pitch": 3}, {"pitch_range": 20}):
        with pytest.raises(EngineError, match="rms"):
            say(with_options, "Hello.", "rms", **options)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-t “Naïve” café — 25% & more… it’s 3 o'clock!", ["t", "Naïve", "café", "25%", "&", "more", "it’s", "3", "o'clock"]),
        (
            "Dr. Smith paid $5.20 on Main St. in May 2024.",
            ["Dr", "Smith", "paid", "$5.20", "on", "Main", "St", "in", "May", "2024"],
        ),
        ("Größe is a straße, Œuvre 🙂 fine", ["Größe", "is", "a", "straße", "Œuvre", "fine"]),
        ("word", ["word"]),
    ],
)
def test_words_are_those_of_the_text(flite: Flite, text: str, words: list[str]) -> None:
    speech = say(flite, text)
    assert [word.text for word in speech.words] == words
    assert all(text[word.offset : word.offset + word.length] == word.text for word in speech.words)


def test_a_language_or_letter_it_cannot_read_is_refused_in_words(flite: Flite) -> None:
    with pytest.raises(EngineError, match='"de"'):
        flite.synthesize(SpeechRequest("Guten Tag", language="de"))
    with pytest.raises(EngineError, match="cyrillic small letter em"):
        say(flite, "The word is мир.")
    assert flite.synthesize(SpeechRequest("Good day.", language="en-GB")).audio.frames


@pytest.mark.parametrize("given", ["naïve Œuvre ½ €5 x\u00adx ﬁn ①", "\ud800 \x00 tab\t 🙂", "“q” ‘a’ – — …", "a|b<c>[d]"])
def test_english_text_is_printable_and_keeps_its_origins(given: str) -> None:
    text = english(given)
    assert all(" " <= character <= "~" for character in text.text)
    assert len(text.text) == len(text.origin)
    assert list(text.origin) == sorted(text.origin)
    assert all(0 <= place < len(given) for place in text.origin)


# Word alignment


def test_words_with_other_phones_than_alone_keep_their_bounds() -> None:
    alone = [["dh", "ax"], ["ey"], ["d", "r", "ay", "v"], ["s", "m", "ih", "th"]]
    text = ["dh", "iy", "ax", "d", "aa", "k", "t", "er", "s", "m", "ih", "th"]
    assert word_boundaries(text, alone) == [0, 2, 3, 8, 12]


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        (["b", "iy", "z", "t", "uw"], [["b", "iy"], ["t", "uw"]]),  # z between two words
        (["t", "uw"], [["ae", "n", "d"], ["t", "uw"]]),  # a word is gone
        (["t", "uw"] * 100, [["t", "uw"]]),  # far out of step
    ],
)
def test_uncertain_bounds_are_none(text: list[str], alone: list[list[str]]) -> None:
    assert word_boundaries(text, alone) is None


def test_times_that_do_not_fit_the_sound_are_not_believed() -> None:
    utterance = (Phone("pau", 0.1), Phone("aa", 0.4), Phone("pau", 0.5))
    fits, short = (FliteResult(np.zeros(round(seconds * 16_000), np.int16), 16_000, (utterance,)) for seconds in (0.495, 0.3))
    assert flite_timing.timed_phones(fits, cuts_last_pause=False)[1] == ("aa", 0.1, 0.4)
    assert flite_timing.timed_phones(short, cuts_last_pause=False) == []


# The compiled program


def test_the_program_is_compiled_once(site: EnginePaths, flite: Flite) -> None:
    (compiled,) = site.cache.glob("flite-*.cwasm")
    before = compiled.stat().st_mtime_ns
    assert say(loaded_flite(site), "Again.").audio.frames
    assert compiled.stat().st_mtime_ns == before
    assert sorted(path.suffix for path in site.cache.glob("flite-*")) == [".cwasm", ".sha256"]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["flipped", "cut", "no digest"])
def test_a_damaged_cache_is_made_anew(site: EnginePaths, flite: Flite, tmp_path: Path, damage: str) -> None:
    for path in site.cache.glob("flite-*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (compiled,) = tmp_path.glob("*.cwasm")
    code = bytearray(compiled.read_bytes())
    if damage == "no digest":
        compiled.with_suffix(".sha256").unlink()
    else:
        code[len(code) // 2] ^= 0xFF
        compiled.write_bytes({"flipped": code, "cut": code[: len(code) // 3]}[damage])
    engine = loaded_flite(EnginePaths(site.assets, tmp_path))
    assert say(engine, "Whole again.").audio == say(flite, "Whole again.").audio
    (original,) = site.cache.glob("*.cwasm")
    assert compiled.stat().st_size == original.stat().st_size
    assert len(list(tmp_path.iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(site: EnginePaths, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert say(loaded_flite(EnginePaths(site.assets, tmp_path / "file" / "cache")), "Fine.").audio.frames


def test_missing_or_damaged_voices_are_told(site: EnginePaths, tmp_path: Path) -> None:
    here = EnginePaths(tmp_path, tmp_path / "cache")
    readiness = Flite.readiness(here)
    assert not readiness.ready and readiness.next_step
    with pytest.raises(EngineNotReady, match="missing"):
        loaded_flite(here)
    (tmp_path / "flite").mkdir()
    for content in (b"rubbish", lzma.compress(b"not wasm"), (site.assets / "flite/flite.wasm.xz").read_bytes()[:100_000]):
        (tmp_path / "flite/flite.wasm.xz").write_bytes(content)
        with pytest.raises(EngineNotReady, match="damaged"):
            loaded_flite(here)


# The sandbox


def test_the_program_reaches_only_its_own_folder(flite: Flite, tmp_path: Path) -> None:
    program = flite._program
    assert isinstance(program, FliteProgram)
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret.txt").write_text("one two three four five six\n")
    for outside in (str(tmp_path / "out.wav"), "/box/../out.wav", "../out.wav"):
        try:
            program._run(inner, "Hello there.", ["-voice", "kal", "-o", outside])
        except EngineError:
            continue
    assert not (tmp_path / "out.wav").exists()
    printed = program._run(inner, "x", ["-voice", "kal", "-pw", "-o", "/box/ok.wav"])
    assert printed.split() == ["x"]
    assert (inner / "ok.wav").is_file()


def test_no_temporary_file_stays(flite: Flite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    say(flite, "Hello there.")
    assert list(tmp_path.iterdir()) == []


def loaded_flite(site: EnginePaths) -> Flite:
    engine = loaded(Flite, site)
    assert isinstance(engine, Flite)
    return engine
