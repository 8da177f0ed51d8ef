"""Languages, voices and variants of eSpeak NG, read from its data files without loading its library.

The library is GPL-3.0-or-later and is not loaded in the studio's process; this module reads text files only.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engines.contract import PresetVoice

DEFAULT_VOICE = "gmw/en-US"

# Where eSpeak's own priorities leave a tie or a surprise: the voice that most people mean by the tag.
PREFERRED = {"en": DEFAULT_VOICE, "zh": "sit/cmn", "zh-hk": "sit/yue", "zh-mo": "sit/yue", "iw": "sem/he", "in": "poz/id"}

SHORTEST_PRIORITY = 5  # what eSpeak takes for a language line without a number; lower wins


@dataclass(frozen=True)
class LanguageVoice:
    """One file of the `lang` folder: its identifier ("gmw/en-US") and its language tags with their priorities."""

    id: str
    title: str
    gender: str
    tags: tuple[tuple[str, int], ...]


def package_folder() -> Path | None:
    """Return the installed espeakng_loader package, found without an import; None if it is not installed."""
    spec = importlib.util.find_spec("espeakng_loader")
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def data_folder() -> Path | None:
    """eSpeak's data (phonemes, dictionaries, voices), or None when it is not installed."""
    package = package_folder()
    data = package / "espeak-ng-data" if package else None
    return data if data and (data / "phontab").is_file() else None


@lru_cache(maxsize=4)
def language_voices(data: Path) -> tuple[LanguageVoice, ...]:
    """Return every voice with a dictionary, by identifier; the others produce no sound."""
    files = sorted(path for path in (data / "lang").rglob("*") if path.is_file())
    return tuple(voice for path in files if (voice := _read(path, data)) is not None)


@lru_cache(maxsize=4)
def variants(data: Path) -> tuple[str, ...]:
    """Names of the voice variants ("f3", "klatt6", "whisper"), sorted."""
    return tuple(sorted(path.name for path in (data / "voices" / "!v").iterdir() if path.is_file()))


@lru_cache(maxsize=4)
def preset_voices(data: Path) -> tuple[PresetVoice, ...]:
    """Return the voices as presets, the default one first, the rest by title."""
    presets = [PresetVoice(voice.id, voice.title, _tag(voice.tags[0][0]), voice.gender) for voice in language_voices(data)]
    return tuple(sorted(presets, key=lambda preset: (preset.id != DEFAULT_VOICE, preset.title)))


def voice_for(language: str, data: Path) -> str | None:
    """Return the identifier of the best voice for a BCP-47 tag, shortened from the right until one fits; None if none does."""
    known = {voice.id for voice in language_voices(data)}
    parts = language.replace("_", "-").lower().split("-")
    while parts:
        tag = "-".join(parts)
        if PREFERRED.get(tag) in known:
            return PREFERRED[tag]
        served = [(priority, voice.id) for voice in language_voices(data) for name, priority in voice.tags if name == tag]
        if served:
            return min(served, key=lambda found: found[0])[1]
        parts.pop()
    return None


def language_of(voice: str) -> str:
    """Return the language of a voice by its identifier: "en-US" for "gmw/en-US"; "" for ""."""
    tag = voice.rsplit("/", 1)[-1].split("+", 1)[0]
    return {"cmn": "zh", "cmn-Latn-pinyin": "zh", "yue-Latn-jyutping": "yue"}.get(tag, tag)


def _read(path: Path, data: Path) -> LanguageVoice | None:
    title, gender, dictionary, tags = path.name, "", "", []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, *values = line.split("//")[0].split() or [""]
        if key == "name" and values:
            title = " ".join(values)
        elif key == "gender" and values:
            gender = values[0]
        elif key == "dictionary" and values:
            dictionary = values[0]
        elif key == "language" and values:
            priority = int(values[1]) if len(values) > 1 and values[1].isdigit() else SHORTEST_PRIORITY
            tags.append((values[0].lower(), priority))
    if not tags or not (data / f"{dictionary or tags[0][0].split('-')[0]}_dict").is_file():
        return None
    return LanguageVoice(path.relative_to(data / "lang").as_posix(), title, gender, tuple(tags))


def _tag(tag: str) -> str:
    """A tag in the usual case: "fa-latn" -> "fa-Latn", "en-us" -> "en-US"."""
    primary, *rest = tag.split("-")
    return "-".join([primary, *(part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part for part in rest)])
