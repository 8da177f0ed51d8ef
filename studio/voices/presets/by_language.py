"""The choice of an engine's voice for a language."""

from __future__ import annotations

from engines.contract import PresetVoice

_USUAL_MEMBER = {"zh": "cmn", "no": "nb", "hbs": "sr", "fil": "tl", "ms": "zsm"}
"""For tags that stand for a group of languages: the member that a voice of the group usually bears."""
_HOME = {"en": "en-us", "zh": "zh-cn", "ja": "ja-jp", "ko": "ko-kr", "sv": "sv-se", "da": "da-dk", "cs": "cs-cz", "el": "el-gr"}


_NEAR = {
    "en-gb": "au nz ie za in ke ng sg hk mt jm", "en-us": "ca ph", "pt-pt": "ao mz cv gw st tl", "de-de": "at ch li lu",
}  # fmt: skip
"""A variety to the countries whose own is nearest to it (CLDR's parent locales, en-001 being said as in Britain)."""


def _nearest_to(tag: str) -> list[str]:
    """Return the varieties that can replace one: Latin American Spanish for Mexico's, Cantonese for the Chinese of Hong Kong."""
    primary, _, region = tag.partition("-")
    if primary == "es" and region and region != "es":
        return ["es-419", "es-mx", "es-us"]
    if primary == "zh" and region.split("-")[-1] in ("hk", "mo"):
        return ["yue"]
    return [near for near, regions in _NEAR.items() if near.startswith(f"{primary}-") and region in regions.split()]


def for_language(presets: tuple[PresetVoice, ...], language: str) -> PresetVoice | None:
    """Return the engine's first voice of exactly this language, else of the country with the same code (French of France, not
    of Belgium, which comes first in a list by title), else of its primary tag."""
    wanted, primary = language.lower().replace("_", "-"), primary_tag(language)
    home = _HOME.get(primary, f"{primary}-{primary}")
    ordered = [wanted, *_nearest_to(wanted), home, primary]
    tagged = {tag: [preset for preset in presets if preset.language.lower() == tag] for tag in ordered}
    exact = [preset for tag in ordered for preset in tagged[tag]]
    alike = [preset for preset in presets if primary_tag(preset.language) in (primary, _USUAL_MEMBER.get(primary))]
    return next(iter([*exact, *alike]), None)


def primary_tag(tag: str) -> str:
    """Return the language alone: "pt" of "pt-BR"."""
    return tag.lower().replace("_", "-").split("-", 1)[0]
