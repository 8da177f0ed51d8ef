"""Words of a prompt with negated things removed, and things that the engine cannot draw. English only."""

from __future__ import annotations

import re


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_DENIALS = _set("no not without never nor neither nothing none cannot hardly")
_DENIAL_ENDS = _set("on in at by under over above below with but only just this that these those yet while when where so")
_BETWEEN = _set("a an the any of or and more single sign there is are was were be been to see seen longer even")
_DENIED = 3
"""Words after a denial that it reaches, small ones between them not counted."""

_NEVER_DRAWN = _set(
    """
    dog dogs puppy horse horses cow cows sheep goat pig lion tiger bear wolf fox deer elephant monkey dragon dinosaur snake fish
    dolphin shark rabbit mouse llama unicorn kite balloon car cars truck bus train plane airplane aeroplane helicopter rocket
    spaceship astronaut robot bicycle motorcycle computer laptop phone smartphone keyboard screen product bottle cup coffee
    food cake pizza burger fruit flower flowers rose guitar piano drum ball football chess sword gun crown ring shoe shoes
    dress shirt hat face faces hand hands eye eyes portrait crowd dancer dancing office meeting doctor teacher chef
    bridge windmill volcano waterfall rainbow planet planets galaxy alien zombie ghost angel
    """
)
"""Common wishes in English prompts that no scene has a figure for."""


def asked_for(prompt: str) -> list[str]:
    """Return the words of a prompt without negated ones ("no snow and no boat", "without any trees")."""
    return [word for word, denied in _told(prompt) if not denied]


def not_drawn(prompt: str) -> tuple[str, ...]:
    """Return the things in a prompt that the engine cannot draw, in the order of the prompt."""
    return tuple(dict.fromkeys(word for word in asked_for(prompt) if word in _NEVER_DRAWN))


def _told(prompt: str) -> list[tuple[str, bool]]:
    """Return each word, and whether it is negated."""
    found: list[tuple[str, bool]] = []
    left = 0
    for word in re.findall(r"[a-z]+(?:'t)?|[.,;:!?]", prompt.lower().replace("’", "'")):
        if word in _DENIALS or word.endswith("n't"):
            left = _DENIED
            found.append((word, True))
        elif left and (word in _DENIAL_ENDS or not word[0].isalpha()):
            left = 0
            found.append((word, False))
        else:
            found.append((word, left > 0))
            left -= left > 0 and word not in _BETWEEN
    return [(word, denied) for word, denied in found if word[0].isalpha()]


def denies(prompt: str, words: str) -> bool:
    return any(denied and word in words.split() for word, denied in _told(prompt))
