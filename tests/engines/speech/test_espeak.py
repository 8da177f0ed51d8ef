"""eSpeak NG: voices and languages, options by their effect, SSML, times, and its traps."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract import EnginePaths, SpeakingVoice, Speech, SpeechRequest
from engines.contract.errors import EngineError
from engines.speech.espeak import data as espeak_data
from engines.speech.espeak.engine import LANGUAGES, Espeak, EspeakOptions
from engines.speech.espeak.library import Parameters, short_data_path, speak
from engines.speech.espeak.text import prepare
from media.errors import Cancelled
from tests.engines.contract_suite import TinyRun, check_speech, loaded
from tests.engines.sound import loudness_inside_and_outside, pitches, spread

GREETINGS = {
    "de": "Grüße aus München, das Wetter ist schön.",
    "fr": "Bonjour à tous, le café est déjà prêt.",
    "es": "Buenos días, ¿cómo está usted mañana?",
    "zh": "你好，世界。今天天气很好。",
    "ru": "Привет, мир! Сегодня хорошая погода.",
    "ar": "مرحبا بالعالم، كيف حالك اليوم؟",
    "hi": "नमस्ते दुनिया, आज मौसम अच्छा है।",
    "ko": "안녕하세요 세계",
    "pt-BR": "Olá, não há ninguém aqui.",
}
PANGRAM = "My old neighbour may know a new way along the river, may he not?"


@pytest.fixture
def with_options(espeak: Espeak) -> Iterator[Espeak]:
    yield espeak
    espeak.configure(EspeakOptions())


def say(engine: Espeak, text: str, language: str = "en", preset: str = "", **options: Any) -> Speech:
    engine.configure(EspeakOptions.model_validate(options))
    return engine.synthesize(SpeechRequest(text, SpeakingVoice(preset), language))


@pytest.fixture(scope="module")
def data() -> Path:
    folder = espeak_data.data_folder()
    assert folder is not None
    return folder


def test_the_card_names_exactly_the_languages_of_the_voice_files(data: Path) -> None:
    served = {tag.split("-")[0] for voice in espeak_data.language_voices(data) for tag, _ in voice.tags}
    assert set(LANGUAGES) == served


def test_every_voice_it_offers_makes_sound(espeak: Espeak, site: EnginePaths) -> None:
    voices = espeak.preset_voices(site)
    assert len(voices) > 130
    silent = [
        voice.id for voice in voices if np.abs(say(espeak, "1 2 3 taxi", preset=voice.id).audio.samples).max() < 0.05
    ]  # fmt: skip
    assert silent == []


def test_every_variant_makes_a_sound_of_its_own(with_options: Espeak) -> None:
    variants = Espeak.variants()
    assert len(variants) > 100
    sounds = {variant: say(with_options, "hello", variant=variant).audio for variant in variants}
    assert all(np.abs(audio.samples).max() > 0.02 for audio in sounds.values())
    plain = say(with_options, "hello").audio
    same = [variant for variant, audio in sounds.items() if audio == plain]
    assert same in ([], ["fast"])  # "fast" differs at high speeds only


@pytest.mark.parametrize("language", GREETINGS)
def test_it_speaks_the_language_by_its_tag(espeak: Espeak, language: str) -> None:
    speech = check_speech(espeak, GREETINGS[language], language)
    assert len(speech.words) >= 2
    assert len(speech.phonemes) >= len(GREETINGS[language].split())


@pytest.mark.parametrize(
    ("tag", "voice"),
    [
        ("en", "gmw/en-US"), ("en-GB", "gmw/en"), ("en_US", "gmw/en-US"), ("de-AT", "gmw/de"), ("fr-CH", "roa/fr-CH"),
        ("zh", "sit/cmn"), ("zh-TW", "sit/cmn"), ("zh-HK", "sit/yue"), ("pt", "roa/pt"), ("pt-BR", "roa/pt-BR"),
        ("es-MX", "roa/es-419"), ("no", "gmq/nb"), ("ko", "ko"), ("xx", None), ("", None),
    ],
)  # fmt: skip
def test_a_tag_picks_a_voice(data: Path, tag: str, voice: str | None) -> None:
    assert espeak_data.voice_for(tag, data) == voice


def test_an_unknown_variant_names_near_ones(with_options: Espeak) -> None:
    with pytest.raises(EngineError, match="klatt"):
        say(with_options, "hello", variant="klat6")


def test_speed_and_word_gap_change_the_length(with_options: Espeak) -> None:
    cases: list[dict[str, Any]] = [{"speed": 80}, {}, {"speed": 330}, {"word_gap": 20}]
    slow, usual, fast, gaps = (say(with_options, PANGRAM, **options).audio.duration for options in cases)
    assert slow > 1.6 * usual > 1.6 * 1.6 * fast
    assert gaps > usual + 1


def test_pitch_and_its_range_change_the_melody(with_options: Espeak) -> None:
    low, high = (pitches(say(with_options, PANGRAM, pitch=pitch).audio) for pitch in (20, 80))
    assert np.median(high) > 1.3 * np.median(low)
    flat, lively = (pitches(say(with_options, PANGRAM, pitch_range=value).audio) for value in (0, 99))
    assert spread(lively) > 2 * spread(flat)


def test_volume_changes_the_level(with_options: Espeak) -> None:
    soft, usual = (np.abs(say(with_options, PANGRAM, volume=volume).audio.samples).max() for volume in (30, 100))
    assert soft < 0.5 * usual


def test_a_break_is_silence_of_its_length(espeak: Espeak) -> None:
    text = 'First part <break time="2s"/> second & last'
    plain, broken = say(espeak, "First part, second & last"), say(espeak, text)
    assert 1.2 < broken.audio.duration - plain.audio.duration < 2.4
    assert [word.text for word in broken.words] == ["First", "part", "second", "&", "last"]
    gap = broken.words[2].start - broken.words[1].end
    assert gap > 1.5
    quiet = broken.audio.slice(broken.words[1].end + 0.2, broken.words[2].start - 0.2)
    assert np.abs(quiet.samples).max() < 0.01


@pytest.mark.parametrize("text", ["a < b & c > d", "<hello> there", "5 &lt; 6", "[[h@'loU]] is text", "</spoken> x"])
def test_signs_in_plain_text_are_only_signs(espeak: Espeak, text: str) -> None:
    speech = say(espeak, text)
    assert len(speech.phonemes) >= 4


def test_only_known_tags_make_a_text_markup() -> None:
    assert not prepare("a < b > c <foo/> <script>").ssml
    prepared = prepare('x <b> & y &amp; <prosody rate="slow">z</prosody>')
    assert prepared.ssml
    assert prepared.text == 'x &lt;b&gt; &amp; y &amp; <prosody rate="slow">z</prosody>'
    assert len(prepared.origin) == len(prepared.text)
    assert prepared.plain.split() == ["x", "<b>", "&", "y", "&amp;", "z"]


def test_prosody_is_followed(espeak: Espeak) -> None:
    slow = say(espeak, '<prosody rate="50%">The house on the hill was empty.</prosody>')
    assert slow.audio.duration > 1.4 * say(espeak, "The house on the hill was empty.").audio.duration


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "Naïve café: don't pay $5.20 — 25% is “fine”.", ["Naïve", "café", "don't", "pay", "$5.20", "25%", "is", "fine"]),
        ("en", "Smile 🙂 now", ["Smile", "🙂", "now"]),
        ("de", "Grüße aus Köln", ["Grüße", "aus", "Köln"]),
        ("ru", "Привет, мир", ["Привет", "мир"]),
        ("zh", "你世界", ["你", "世", "界"]),
    ],
)
def test_words_are_those_of_the_text_and_lie_at_their_places(espeak: Espeak, language: str, text: str, words: list[str]) -> None:
    speech = say(espeak, text, language)
    assert [word.text for word in speech.words] == words
    assert all(text[word.offset : word.offset + word.length] == word.text for word in speech.words)


def test_positions_stay_true_through_a_long_text(espeak: Espeak) -> None:
    text = "Der schöne Frühling größerer Bäume – überall ‚Öl‘. " * 60
    speech = say(espeak, text, "de")
    assert len(speech.words) == 7 * 60
    assert [word.text for word in speech.words[-7:]] == ["Der", "schöne", "Frühling", "größerer", "Bäume", "überall", "Öl"]


def test_phonemes_lie_where_the_sound_is(espeak: Espeak) -> None:
    speech = say(espeak, "Hello there. The second one, is it not? And now, at last, a third.")
    inside, outside = loudness_inside_and_outside(speech.audio, speech.phonemes)
    assert inside > 10 * outside
    assert [mark.text for mark in speech.phonemes[:4]] == ["h", "ə", "l", "oʊ"]
    assert not any(sign in mark.text for mark in speech.phonemes for sign in "ˈˌ()")


def test_the_same_text_sounds_the_same_in_another_process(espeak: Espeak, site: EnginePaths) -> None:
    """The library keeps oscillator phases and draws random numbers: without a fresh start no two calls agree."""
    here = hashlib.sha256(say(espeak, PANGRAM).audio.samples.tobytes()).hexdigest()
    program = (
        "import hashlib; from pathlib import Path; from engines.contract import EnginePaths, SpeechRequest;"
        "from engines.speech.espeak.engine import Espeak, EspeakOptions; from tests.engines.contract_suite import loaded;"
        f"e = loaded(Espeak, EnginePaths(Path('.'), Path({str(site.cache)!r}))); e.synthesize(SpeechRequest('Warm up.'));"
        f"print(hashlib.sha256(e.synthesize(SpeechRequest({PANGRAM!r})).audio.samples.tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == here


def test_listing_voices_loads_nothing_of_espeak() -> None:
    program = (
        "import sys; from pathlib import Path; from engines.contract import EnginePaths;"
        " from engines.speech.espeak.engine import Espeak;"
        "site = EnginePaths(Path('.'), Path('.')); assert len(Espeak.preset_voices(site)) > 130 and Espeak.readiness(site).ready;"
        "assert 'espeakng_loader' not in sys.modules; print('libespeak' in Path('/proc/self/maps').read_text())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


def test_a_data_folder_with_a_long_path_is_reached_by_a_link(data: Path, tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 90) / ("b" * 90)
    deep.mkdir(parents=True)
    long_path = deep / "espeak-ng-data"
    long_path.symlink_to(data)
    library = data.parent / "libespeak-ng.so"
    parameters = Parameters("gmw/en-US", 165, 50, 50, 100, 0)

    def speak_from(folder: Path) -> int:
        return len(speak(library, folder, "hello", parameters, ssml=False, seed=0, on_samples=lambda made: None).samples)

    with pytest.raises(EngineError, match="voice data"):
        speak_from(long_path)
    for cache in (tmp_path / "cache", deep / "cache"):  # the second is too long itself
        short = short_data_path(long_path, cache)
        assert len(bytes(short)) <= 120
        assert short_data_path(long_path, cache).is_dir()
        assert speak_from(short) > 5_000
    stale = short_data_path(long_path, tmp_path / "cache")
    stale.unlink()
    stale.symlink_to(tmp_path / "gone")
    assert speak_from(short_data_path(long_path, tmp_path / "cache")) > 5_000


def test_a_cancel_in_the_middle_ends_the_call(site: EnginePaths) -> None:
    run = TinyRun()
    checks = 0

    def check() -> None:
        nonlocal checks
        checks += 1
        if checks > 5:
            raise Cancelled

    run.check = check  # type: ignore[method-assign]
    engine = loaded(Espeak, site, run=run)
    with pytest.raises(Cancelled):
        engine.synthesize(SpeechRequest("and so on " * 300))  # type: ignore[attr-defined]
    assert checks == 6
    run.check = lambda: None  # type: ignore[method-assign]
    assert engine.synthesize(SpeechRequest("again")).audio.frames  # type: ignore[attr-defined]


def test_endless_silence_is_refused(espeak: Espeak, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.speech.espeak.engine.LONGEST_SECONDS", 60)
    with pytest.raises(EngineError, match="minutes of sound"):
        say(espeak, 'a <break time="500s"/> b')


def test_text_in_a_script_the_voice_cannot_read_is_not_silently_empty(espeak: Espeak) -> None:
    with pytest.raises(EngineError):
        say(espeak, "<break time='1s'/>")
