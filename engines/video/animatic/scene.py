"""The scene of a shot by the words of its prompt: light, place, weather and objects. English only."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from engines.video.animatic.asked import asked_for, denies

MOODS = ("day", "dawn", "sunset", "dusk", "night", "storm", "winter", "mist", "golden")
PLACES = ("hills", "mountains", "forest", "sea", "lake", "city", "village", "desert", "room")
MOVES = ("push in", "pull out", "pan left", "pan right", "rise", "still")

_MOOD_WORDS = {
    "night": "night midnight moon moonlight moonlit star stars starry dark darkness",
    "dawn": "dawn daybreak sunrise morning early",
    "sunset": "sunset evening sundown",
    "golden": "golden harvest autumn amber afternoon",
    "dusk": "dusk twilight gloaming",
    "storm": "storm stormy rain rains rained raining rainy thunder tempest gale grey gray cloudy",
    "winter": "snow snows snowed snowing snowy winter frost frozen ice icy cold",
    "mist": "mist misty fog foggy haze hazy smoke",
    "day": "day noon summer sunny bright spring sunshine",
}
_PLACE_WORDS = {
    "room": "room rooms kitchen parlour parlor chamber hall inside indoors window desk table hearth fireplace candle bed "
    "study armchair chair library attic cellar office lamp",
    "city": "city cities street streets town skyline downtown building buildings skyscraper alley avenue square",
    "sea": "sea ocean waves wave harbour harbor coast coastal beach bay ship ships boat boats sail sailed sailing "
    "lighthouse island cliff cliffs tide captain sailor voyage wreck whale",
    "lake": "lake shore river pond stream lagoon water waters pool",
    "forest": "forest forests wood woods woodland jungle trees pines thicket grove",
    "mountains": "mountain mountains peak peaks alps summit glacier ridge",
    "desert": "desert dune dunes sand sands camel oasis",
    "village": "village cottage cottages farm farmhouse hamlet church barn",
    "hills": "hill hills valley field fields meadow meadows country countryside garden road path lane moor grass prairie plain",
}
_THING_WORDS = {
    "lighthouse": "lighthouse beacon",
    "boat": "ship ships boat boats sail sails sailing sailed vessel yacht schooner voyage",
    "house": "house cottage home farmhouse inn cabin hut barn",
    "castle": "castle tower fortress palace",
    "church": "church chapel steeple bell bells",
    "tree": "tree oak elm willow orchard apple",
    "birds": "bird birds gull gulls raven ravens swallow swallows geese crow crows flock",
    "figure": "man woman boy girl he she traveller traveler wanderer figure child captain king queen soldier walked walks "
    "walking stood who alone stranger",
    "pair": "they we couple friends brothers sisters together lovers two",
    "cat": "cat kitten",
}
_WEATHER_WORDS = {
    "snow": "snow snows snowed snowing snowy snowfall blizzard flakes",
    "rain": "rain rains rained raining rainy downpour storm stormy tempest drizzle",
    "fireflies": "firefly fireflies sparks embers glowworm",
    "leaves": "leaves leaf autumn petals blossom blossoms",
}


@dataclass(frozen=True)
class ShotScene:
    """The content of one shot. `seed` determines everything that the words leave open."""

    mood: str
    place: str
    weather: str
    things: frozenset[str]
    seed: int

    def chance(self, part: str) -> np.random.Generator:
        """Return a random generator for one part of the picture, independent of the other parts."""
        return np.random.default_rng([self.seed, int.from_bytes(sha256(part.encode()).digest()[:4], "big")])


def read_scene(
    prompt: str, seed: int, mood: str = "auto", place: str = "auto", weather: str = "auto", before: tuple[str, ...] = ()
) -> ShotScene:
    """Return the scene that a prompt describes; negated things are left out.

    If the prompt names no light or place, those of the earlier shots continue; if no earlier shot names any, they depend on
    `seed` alone, so that the shots of one clip share sky and landscape. The shape of the land changes with the words.

    Args:
        before: prompts of the clip's earlier shots, in order.
    """
    words = asked_for(prompt)
    earlier = [asked_for(one) for one in reversed(before)]
    shared = np.random.default_rng([seed, 77])
    usual_mood = str(shared.choice(["day", "golden", "sunset", "dawn", "dusk", "mist"]))
    usual_place = str(shared.choice(["hills", "mountains", "sea", "lake"]))
    named_mood = _first(words, _MOOD_WORDS)
    found_mood = named_mood or next(filter(None, (_first(one, _MOOD_WORDS) for one in earlier)), usual_mood)
    found_place = _first(words, _PLACE_WORDS) or next(filter(None, (_first(one, _PLACE_WORDS) for one in earlier)), usual_place)
    found_weather = _first(words, _WEATHER_WORDS) or ("" if named_mood else _falling(earlier))
    if found_weather and denies(prompt, _WEATHER_WORDS[found_weather]):
        found_weather = ""
    things = frozenset(thing for thing, known in _THING_WORDS.items() if set(words) & set(known.split()))
    own = int.from_bytes(sha256(f"{seed}/{' '.join(words) or prompt}".encode()).digest()[:4], "big")
    return ShotScene(
        mood=found_mood if mood == "auto" else mood,
        place=found_place if place == "auto" else place,
        weather=found_weather if weather == "auto" else "" if weather == "none" else weather,
        things=things,
        seed=own,
    )


def going_on(before: tuple[str, ...]) -> str:
    """Return what a later shot takes over of earlier prompts (light, place and precipitation) as a prompt; "" for nothing."""
    earlier = [asked_for(one) for one in reversed(before)]
    mood = next(filter(None, (_first(one, _MOOD_WORDS) for one in earlier)), "")
    place = next(filter(None, (_first(one, _PLACE_WORDS) for one in earlier)), "")
    # the light thrice, for what falls speaks of a light too
    return " ".join(filter(None, (mood, mood, mood, place, _falling(earlier))))


def _falling(earlier: list[list[str]]) -> str:
    """Return the precipitation of an earlier shot, which continues until a shot names another light."""
    for words in earlier:
        if falls := _first(words, _WEATHER_WORDS):
            return falls
        if _first(words, _MOOD_WORDS):
            return ""
    return ""


def read_move(camera: str, scene: ShotScene) -> str:
    """Return the camera move that free words describe, or one that suits the scene."""
    said = camera.lower()
    for move, words in (
        ("push in", ("push", "zoom in", "dolly in", "closer", "forward")),
        ("pull out", ("pull", "zoom out", "dolly out", "back")),
        ("pan left", ("left",)),
        ("pan right", ("right",)),
        ("rise", ("rise", "crane", "tilt", "up")),
        ("still", ("still", "static", "fixed", "locked")),
    ):
        if any(word in said for word in words):
            return move
    return str(scene.chance("camera").choice(["push in", "pull out", "pan left", "pan right", "push in", "rise"]))


def _first(words: list[str], known: dict[str, str]) -> str:
    """Return the meaning with the most matching words; the one listed first if several have equally many."""
    counts = {meaning: sum(word in set(of.split()) for word in words) for meaning, of in known.items()}
    best = max(counts, key=lambda meaning: counts[meaning])
    return best if counts[best] else ""
