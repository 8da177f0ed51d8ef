"""Judging takes: bands, scores, who is chosen to listen, voices that differ."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.engines.intelligibility import SENTENCES
from bench.engines.take_checks import Workshop, measure
from engines.catalog import Catalog
from engines.contract import EnginePaths, SpeakingVoice, SpeechRequest, TimedMark
from engines.contract.errors import EngineError
from engines.verification.reading_follower.engine import ReadingFollower, reading_grammar
from engines.verification.voice_encoder.engine import VoiceEncoder, spoken
from media.audio.audio import Audio, concatenate, silence
from media.audio.decode import decode_audio
from media.audio.voice_similarity import is_dissimilar, measure_voice
from media.messages.message import Message
from studio.verification.review import Review, best, review
from studio.verification.verifiers import LIKENESS_BANDS, LikenessBand, band, choose_verifier
from tests.engines.contract_suite import TinyRun, loaded
from tests.engines.hearts import Hearts
from tests.model_environments import environment_python
from tests.studio.verification.conftest import ASSETS
from tests.studio.verification.faults import cut_out

ROOT = Path(__file__).resolve().parents[3]
TEXT = "the old clock on the wall stopped at midnight"


def test_basic_english_flags_and_never_redoes() -> None:
    found = review(TEXT, "something else was heard here today", "pocketsphinx", "1", "en")
    assert found.problems and not found.redo
    assert not review(TEXT, "the old clock on a hall stopped midnight", "pocketsphinx", "1", "en").problems
    assert review(TEXT, "something else was heard here today", "faster-whisper", "1", "en").redo


def test_a_recogniser_need_not_reach_its_band_to_miss_one_word() -> None:
    """One word in nine is an error rate that the band of a small model leaves alone."""
    missing, twice = (TEXT.replace("clock ", other) for other in ("", "clock clock "))
    for heard in (missing, twice):
        found = review(TEXT, heard, "faster-whisper", "1", "en", options={"size": "base"})
        assert found.redo and "clock" in str(found.problems[0])
    for harmless in (TEXT.replace("on ", ""), TEXT.replace("clock", "block")):
        assert not review(TEXT, harmless, "faster-whisper", "1", "en", options={"size": "base"}).problems
    assert not review(
        "die alte Uhr blieb um Mitternacht stehen", "die Uhr blieb um Mitternacht stehen", "faster-whisper", "1", "de"
    ).redo


def test_the_follower_finds_beside_a_recogniser_what_that_hears_past() -> None:
    alone = review(TEXT, TEXT, "faster-whisper", "1", "en")
    agreed = review(TEXT, TEXT, "faster-whisper", "1", "en", followed=TEXT)
    twice = review(TEXT, TEXT, "faster-whisper", "1", "en", followed=TEXT.replace("clock", "clock clock"))
    assert agreed == alone and not alone.problems
    assert twice.redo and "said twice" in str(twice.problems[0]) and twice.score < alone.score
    both = TEXT.replace("clock ", "")
    assert len(review(TEXT, both, "faster-whisper", "1", "en", followed=both).problems) == 1, "one fault is one sentence"


def test_a_cry_that_a_recogniser_takes_for_no_speech_is_there_where_the_follower_hears_it() -> None:
    options = {"size": "base"}
    assert not review("Ah!", "", "faster-whisper", "1", "en", options=options, followed="ah").problems
    assert review("Ah!", "", "faster-whisper", "1", "en", options=options, followed="").redo
    assert review(
        "The old clock stopped.", "", "faster-whisper", "1", "en", options=options, followed="the old clock stopped"
    ).redo


def test_bands_widen_for_languages_that_are_heard_less_well_and_for_small_models() -> None:
    assert band("faster-whisper", "en").flag < band("faster-whisper", "de").flag < band("faster-whisper", "sw").flag
    assert band("faster-whisper", "en", {"size": "tiny"}).flag > band("faster-whisper", "en", {"size": "large-v3"}).flag


def test_a_stranger_by_embedding_is_redone_and_by_pitch_only_marked() -> None:
    band = LikenessBand(flag=0.8, redo=0.7)
    by_model, unsure = (
        review(TEXT, TEXT, "faster-whisper", "1", "en", likeness=likeness, likeness_band=band) for likeness in (0.5, 0.75)
    )
    by_pitch = review(TEXT, TEXT, "faster-whisper", "1", "en", unlike=Message.of("sound.other-colour"))
    assert by_model.redo and "is another voice: 0.50" in str(by_model.problems[0])
    assert not unsure.redo and "may be another voice: 0.75" in str(unsure.problems[0])
    assert by_pitch.problems and not by_pitch.redo
    assert best([by_model, unsure, review(TEXT, TEXT, "faster-whisper", "1", "en")]) == 2
    assert best([by_pitch, by_pitch]) == 0


def test_a_review_outlasts_being_written_down_and_a_damaged_one_is_none() -> None:
    found = review(TEXT, TEXT, "faster-whisper", "1", "en", likeness=0.9)
    assert Review.of(json.loads(json.dumps(found.as_data()))) == found
    assert Review.of({"format": 1}) is None and Review.of({}) is None and Review.of(None) is None


def test_what_is_wrong_is_kept_with_its_code_and_as_the_sentence_that_earlier_versions_read() -> None:
    heard = TEXT.replace("clock ", "").replace("wall", "hall")
    band = LikenessBand(flag=0.8, redo=0.7)
    found = review(TEXT, heard, "pocketsphinx", "1", "en", followed=heard, likeness=0.5, likeness_band=band)
    stored = json.loads(json.dumps(found.as_data()))
    assert stored["problems"] == [str(problem) for problem in found.problems]
    assert stored["problems"] == [
        "“clock” is left out, “wall” is heard as “hall”.",
        "It is another voice: 0.50 like the reference, 0.70 is the least.",
    ]
    assert [message["code"] for message in stored["problem_messages"]] == ["take.words-differ", "take.other-voice"]
    assert Review.of(stored) == found


def test_sentences_of_earlier_versions_and_codes_of_later_ones_are_told_as_they_stand() -> None:
    sentence = "“{size}” is left out."
    earlier = {**review(TEXT, TEXT, "faster-whisper", "1", "en").as_data(), "problems": [sentence]}
    later = earlier | {"problem_messages": [{"code": "take.never-heard-of", "parameters": {"size": 3}}]}
    torn = earlier | {"problem_messages": ["?"]}
    without = {name: value for name, value in earlier.items() if name != "problem_messages"}
    for stored in (earlier, later, torn, without):
        read = Review.of(json.loads(json.dumps(stored)))
        assert read is not None and [str(problem) for problem in read.problems] == [sentence]
        assert read.as_data()["problems"] == [sentence]
    read = Review.of(later)
    assert read is not None and read.problems[0].code == "take.never-heard-of"
    assert Review.of(earlier | {"problems": None}) is None


def test_the_reading_follower_listens_where_only_basic_english_is_ready(site: EnginePaths) -> None:
    pytest.importorskip("pocketsphinx")
    assert choose_verifier("en-GB", "auto", Catalog(), site) == "reading-follower"
    assert choose_verifier("de", "auto", Catalog(), site) == ""
    with pytest.raises(Exception, match="cannot listen"):
        choose_verifier("en", "espeak", Catalog(), site)


def test_the_grammar_allows_one_word_out_and_four_again() -> None:
    arcs, final = reading_grammar(["a", "b"])
    assert final == 2
    assert (0, 1, 1.0, "a") in [arc for arc in arcs if len(arc) == 4]
    assert sum(len(arc) == 3 for arc in arcs) == 2


def test_following_says_which_word_is_gone_and_refuses_in_words(follower: ReadingFollower) -> None:
    clip = decode_audio(ASSETS / "voices" / "LJ001-0001.wav")
    text = "printing in the only sense with which we are at present concerned differs from most if not from all the arts"
    heard = follower.align(clip, text)
    word: TimedMark = next(mark for mark in heard.words if mark.text == "present")
    assert "present" not in follower.align(cut_out(clip, word), text).text.split()
    assert follower.align(clip, text) == heard, "what was heard before changes nothing"
    assert follower.align(clip, "printing zyxquibble in the only sense").text
    for wrong, language in (("", "en"), ("wort", "de"), ("word " * 500, "en")):
        with pytest.raises(EngineError):
            follower.align(clip, wrong, language)


def test_a_voice_is_like_itself_and_unlike_another() -> None:
    clips = [decode_audio(ASSETS / "voices" / f"LJ001-000{number}.wav") for number in (1, 3, 5)]
    assert all(is_dissimilar(one, other) is None for one in clips for other in clips)
    measured = measure_voice(clips[0])
    assert measured is not None and 180 < measured.pitch < 250
    assert measure_voice(Audio(clips[0].samples[:100], clips[0].rate)) is None


def test_the_voice_encoder_knows_a_voice_again_and_keeps_strangers_apart(site: EnginePaths, hearts: Hearts) -> None:
    encoder = loaded(VoiceEncoder, site)
    assert isinstance(encoder, VoiceEncoder)
    band = LIKENESS_BANDS["voice-encoder"]
    reference, again = (encoder.embed(decode_audio(ASSETS / "voices" / f"LJ001-000{number}.wav")) for number in (5, 3))
    assert float(reference @ again) > band.flag
    texts = SENTENCES[30:33]
    voices = {
        voice: [encoder.embed(hearts.synthesize(SpeechRequest(text, SpeakingVoice(preset=voice))).audio) for text in texts]
        for voice in ("heart", "deep", "giant")
    }
    for voice, own in voices.items():
        assert float(own[0] @ reference) < band.redo
        assert min(float(own[0] @ own[1]), float(own[0] @ own[2])) > band.flag
        others = [float(own[0] @ vector) for name, vectors in voices.items() if name != voice for vector in vectors]
        assert max(others) < band.flag


def test_the_voice_encoder_minds_neither_pauses_nor_level_and_refuses_what_is_too_short(site: EnginePaths) -> None:
    encoder = loaded(VoiceEncoder, site)
    assert isinstance(encoder, VoiceEncoder)
    clip = decode_audio(ASSETS / "voices" / "LJ001-0005.wav")
    padded = concatenate([silence(4.0, clip.rate), Audio(clip.samples * 0.2, clip.rate), silence(4.0, clip.rate)])
    assert float(encoder.embed(clip) @ encoder.embed(padded)) > 0.98
    assert spoken(padded).duration < clip.duration + 0.3
    for sound in (clip.slice(1.0, 1.3), silence(3.0, 16_000)):
        with pytest.raises(EngineError, match="too short"):
            encoder.embed(sound)


@pytest.fixture(scope="session")
def workshop(site: EnginePaths) -> Workshop:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    return Workshop(site.cache)


def test_planted_faults_are_caught_and_clean_takes_left_alone(workshop: Workshop) -> None:
    table = measure(workshop.spoken_takes(SENTENCES[24:28], random.Random(8)), workshop)
    assert table["clean"]["any"] == 0
    for kind in ("dropped", "repeated"):
        assert table[kind]["follower"] >= table[kind]["takes"] - 1
    assert table["silence"]["sound"] == table["silence"]["takes"] == 4


def test_planted_faults_in_a_human_reading(workshop: Workshop) -> None:
    table = measure(workshop.human_takes(2, random.Random(8), ("LJ001-0005",)), workshop)
    assert table["clean"]["any"] == 0
    for kind in ("dropped", "repeated", "silence", "stranger"):
        assert table[kind]["any"] == table[kind]["takes"] > 0


@pytest.fixture(scope="session")
def in_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the model environment's own libraries say of the likeness engines."""
    python, weights = environment_python("models"), tmp_path_factory.mktemp("wavlm")
    program = [str(python), "-m", "tests.engines.verification.embed_tiny", str(weights), str(ASSETS)]
    quiet = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(program, cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.slow
def test_the_voice_encoder_is_what_torch_and_librosa_make_of_its_weights(in_models: dict[str, dict[str, Any]]) -> None:
    found = in_models["voice encoder"]
    assert found["windows"] >= 4
    assert found["bands"] < 1e-5, "the largest difference of the mel spectrograms, as a part of the largest value"
    assert found["vectors"] < 1e-5 and found["cosine"] > 1 - 1e-6
    assert found["control: gates swapped"] > 0.1 and found["control: a window later"] > 1e-3


@pytest.mark.slow
def test_likeness_through_the_real_library_on_a_tiny_checkpoint(in_models: dict[str, dict[str, Any]]) -> None:
    found = in_models["wavlm"]
    assert found["ready"] and found["shape"] == [32]
    assert found["length"] == pytest.approx(1, abs=1e-4)
    assert found["same"] == pytest.approx(1, abs=1e-5)
    assert found["other"] < found["same"]


def test_loading_twice_gives_the_same_answers(site: EnginePaths, follower: ReadingFollower) -> None:
    clip = decode_audio(ASSETS / "voices" / "LJ001-0002.wav")
    other = loaded(ReadingFollower, site, run=TinyRun())
    assert isinstance(other, ReadingFollower)
    assert other.align(clip, "in being comparatively modern") == follower.align(clip, "in being comparatively modern")
