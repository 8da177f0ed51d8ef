"""The 54 voices of Kokoro v1.0, with upstream's names (huggingface.co/hexgrad/Kokoro-82M, VOICES.md), the best ones first."""

from __future__ import annotations

from pathlib import Path

from engines.contract import PresetVoice
from engines.speech.common.torch_engine import ENVIRONMENT

LANGUAGES = {
    "a": "en-US", "b": "en-GB", "e": "es", "f": "fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-BR", "z": "zh",
}  # fmt: skip
"""Language tag by the first letter of a voice's name; the second letter is the gender."""

NEEDED_PACKAGES = {"j": "pyopenjtalk", "z": "cn2an"}
"""What reads a language's text, where eSpeak NG does not; these packages are not part of the shared model environment."""

NAMES = (
    "af_heart", "af_bella", "af_nicole", "af_aoede", "af_kore", "af_sarah", "af_alloy", "af_nova", "af_sky", "af_jessica",
    "af_river", "am_fenrir", "am_michael", "am_puck", "am_echo", "am_eric", "am_liam", "am_onyx", "am_santa", "am_adam",
    "bf_emma", "bf_isabella", "bf_alice", "bf_lily", "bm_fable", "bm_george", "bm_lewis", "bm_daniel",
    "ef_dora", "em_alex", "em_santa", "ff_siwis", "hf_alpha", "hf_beta", "hm_omega", "hm_psi", "if_sara", "im_nicola",
    "jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo", "pf_dora", "pm_alex", "pm_santa",
    "zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi", "zm_yunjian", "zm_yunxi", "zm_yunxia", "zm_yunyang",
)  # fmt: skip


def preset_voices(environments: Path) -> tuple[PresetVoice, ...]:
    """Return the voices whose language the installed model environment can convert."""
    unreadable = {letter for letter, package in NEEDED_PACKAGES.items() if not has_package(environments, package)}
    return tuple(_voice(name) for name in NAMES if name[0] not in unreadable)


def has_package(environments: Path, package: str) -> bool:
    """Return whether the shared model environment has a package; only looks for its folder."""
    return any((environments / ENVIRONMENT / "lib").glob(f"python3*/site-packages/{package}"))


def _voice(name: str) -> PresetVoice:
    language = LANGUAGES[name[0]]
    gender = "female" if name[1] == "f" else "male"
    return PresetVoice(name, f"{name[3:].capitalize()} ({language}, {gender})", language, gender)
