"""The sentences of the template writer, which fit any topic, by the parts of a story, of advice and of an explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PLACES = (
    (
        ("sea", "ocean", "ship", "boat", "beach", "lighthouse", "whale", "fish", "sail", "island", "harbour", "harbor"),
        "by the sea",
    ),
    (("forest", "tree", "wood", "fox", "owl", "mushroom", "bear", "deer"), "in a forest"),
    (("mountain", "climb", "snow", "ski", "glacier", "volcano"), "in the mountains"),
    (("city", "street", "office", "interview", "work", "car", "train", "bus", "bicycle", "money"), "in a city"),
    (("desert", "camel", "sand"), "in a desert"),
    (("village", "farm", "bread", "dough", "bee", "honey", "cow", "market"), "in a village"),
    (("lake", "river", "swan", "water", "pond"), "by a lake"),
    (("room", "house", "sleep", "book", "tea", "coffee", "kitchen", "lamp", "cook", "computer"), "in a room by a window"),
    (("hill", "sky", "cloud", "wind", "field", "meadow", "garden", "sun", "star", "moon"), "on green hills"),
)
"""Words of a topic, and the painted place that goes with them; the first that fits counts."""


@dataclass(frozen=True)
class Beat:
    """One row: who is shown, the picture, and the text, with fields of the idea in braces."""

    show: Literal["presenter", "animatic"]
    see: str
    say: str


def _presented(*lines: str) -> tuple[Beat, ...]:
    return tuple(Beat("presenter", "{place} {light}", line) for line in lines)


def _painted(see: str, *lines: str) -> tuple[Beat, ...]:
    return tuple(Beat("animatic", see, line) for line in lines)


EXPLANATION = (
    _presented(
        "Today we take a short look at {topic}.",
        "Let us talk about {topic}, for less than a minute.",
    ),
    _painted(
        "{subject}, {place} {light}",
        "Think of the first time you heard of it. What did you know then, and what did you only suppose?",
        "Most of us have an answer ready, and most of us have never looked twice.",
    ),
    _painted(
        "somebody looking closely, {place} {light}",
        "It begins, as so much does, with somebody who looks closely and asks why.",
        "The first step is a plain one: look closely, and write down what is really there.",
    ),
    _painted(
        "small things in a row, {place} at sunset",
        "Then come the small parts, the ones that are easy to miss. Often they explain all the rest.",
        "Behind the part that everybody sees there are smaller ones, and each of them has its reason.",
    ),
    _painted(
        "people on a path, {place} at dusk",
        "And it reaches further into ordinary days than one would think: at home, at work, on the way.",
        "It is closer than it seems. Any ordinary day has a piece of it.",
    ),
    _presented(
        "That was {topic}, in short. What do you know about it? Add your notes, and this film will tell them.",
        "So much for {topic}. The rest is yours: write down what you know, and this film will say it.",
    ),
)

TIPS = (
    _presented(
        "Let us talk about {topic}. Five things help, and they take less than a minute.",
        "Today: {topic}. Here are five things that help.",
    ),
    _painted("a quiet start, {place} at dawn", "First, begin earlier than you have to. Time is the cheapest help there is."),
    _painted("one thing on a table, {place} in the morning", "Second, one thing at a time. What is half done twice is not done."),
    _painted("a letter, {place} {light}", "Third, write it down. What is on paper needs no place in your head."),
    _painted("two people talking, {place} {light}", "Fourth, ask somebody who has done it before. Most people like to be asked."),
    _painted("a path over a hill, {place} at sunset", "Fifth, look back afterwards. What worked once will work again."),
    _presented(
        "That is all. Try one of them today, and keep the others for tomorrow.",
        "Five small things. One of them is enough to begin with.",
    ),
)

STORY = (
    _presented("Here is a small story: {subject}.", "Listen to a small story: {subject}."),
    _painted(
        "{place} {light}",
        "It began {place}, {light}. Nothing moved, and nothing seemed to be wrong.",
        "It was quiet {place}, {light}, as it had been for years.",
    ),
    _painted(
        "{who}, {place} {light}",
        "There was {who}, for whom every day was like the one before.",
        "Nobody took much notice of {who}, and that had always been enough.",
    ),
    _painted(
        "{place} at night in a storm",
        "Then, one night, something was missing. It was a small thing, and it changed everything.",
        "One night the wind turned, and in the morning one small thing was gone.",
    ),
    _painted(
        "a light far away, {place} in mist",
        "So {same} went to look for it, past the last house, and past the place where the path ends.",
        "For three days {same} went looking, and asked everybody who would listen.",
    ),
    _painted(
        "{who}, {place} at dawn",
        "And there it was, in the one place where nobody looks: exactly where it had always been.",
        "In the end it was found at home, by the first light, where the day had begun.",
    ),
    _presented(
        "And that is the story. Some things are not lost, they only wait until somebody looks.",
        "And so it ends. Good night, and leave a light on.",
    ),
)
