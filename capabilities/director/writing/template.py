"""Writes a board by rules, without a language model: from notes sentence by sentence, else by the pattern of a story, of advice,
or of an explanation.

It invents no facts. From a topic alone it writes sentences that fit any topic, so that the board can be rendered at once and each
row can be replaced; with notes every row is one of their sentences.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from capabilities.director.document.model import BoardLine, BoardOrigin, BoardScene, BoardShot, CastMember, Look, Project
from capabilities.director.writing.phrases import EXPLANATION, PLACES, STORY, TIPS, Beat
from capabilities.voiceover.script.chunk import chunk
from capabilities.voiceover.script.language_detection import detect
from studio.errors import InvalidInput

WRITER = "template writer"
PRESENTER = "Presenter"
LONGEST_TOPIC = 300
MOST_SENTENCES = 400
_LONGEST_SENTENCE = 220
_FEWEST_WORDS = 5
_PRESENTED = 5
"""With notes every fifth row is the presenter's, and the first and the last."""

_ASKING = re.compile(
    r"^(?:please |can you |could you )?(?:make|tell|write|show|give|create)(?: me| us)?(?: an?| the)?(?: short| little)?"
    r" (?:film|video|clip|story|tale|explanation)(?: on| of| about)? ",
    re.IGNORECASE,
)
_TIPS = re.compile(r"\b(?:tips?|advice|how to|ways? to|steps? to|checklist|rules for)\b", re.IGNORECASE)
_STORY = re.compile(r"\b(?:story|tale|fable|legend|once upon|fairy|ghost|adventure|bedtime)\b", re.IGNORECASE)
_WHO = re.compile(
    r"^(?:an?|the|two|three|some) (?:[\w'-]+ ){0,4}?[\w'-]+ (?:who|that|in|on|and|looking|trying|searching)\b", re.IGNORECASE
)
_TELLING = re.compile(
    r"^(?:(?:tips?|advice|steps?|ways?|rules) (?:on|for|about|of|to) |how to |why |what is |what are )", re.IGNORECASE
)
_A_STORY = re.compile(
    r"^(?:an? |the )?(?:[\w-]{1,30} ){0,2}(?:story|tale|fable|legend|adventure) ?(?:of|about|in|on|at|from|by)?\b ?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Idea:
    """A parsed topic: the whole text, its subject, its person, and the matching pattern."""

    topic: str
    subject: str
    who: str
    kind: str


def idea_of(topic: str) -> Idea:
    """Parse a topic.

    Raises:
        InvalidInput: it is empty, or a longer text.
    """
    told = " ".join(topic.split()).rstrip(" .!?")
    if not told:
        raise InvalidInput("project.no-topic")
    if len(told) > LONGEST_TOPIC:
        raise InvalidInput("project.topic-too-long", most=LONGEST_TOPIC)
    kind = "tips" if _TIPS.search(told) else "story" if _STORY.search(told) or _WHO.match(told) else "explain"
    told = _ASKING.sub("", told) or told
    subject = _A_STORY.sub("", told) if kind == "story" else _TELLING.sub("", told)
    subject = subject.strip() or told
    found = _WHO.match(subject)
    who = found[0].rpartition(" ")[0] if found else "somebody who lived there"
    return Idea(_lower(told), _lower(subject), _lower(who), kind)


def board_of(topic: str, notes: str = "", seed: int = 0, portrait: str = "", title: str = "") -> Project:
    """Return a board of five to seven rows for a topic, or of one row for each sentence of the notes.

    Args:
        seed: chooses places and mood.
        portrait: of the presenter.

    Raises:
        InvalidInput: neither a topic nor notes, or too much of either.
    """
    chance = random.Random(f"{seed}:{topic}")
    if notes.strip():
        sentences = sentences_of(notes)
        idea = idea_of(topic) if topic.strip() else None
        shots = _from_notes(sentences, idea, chance)
        facts, language = "from the notes", "auto"
    else:
        idea = idea_of(topic)
        shots = _by_grammar(idea, chance)
        facts, language = "", "en"  # the grammar's own; so short a text is easily taken for another
    return Project.model_validate(
        {
            "title": title or (_title(topic) if topic.strip() else _title(shots[0].lines[0].text)),
            "topic": topic.strip(), "notes": notes, "language": language, "origin": BoardOrigin(by=WRITER, facts=facts),
            "cast": {PRESENTER: CastMember(portrait=portrait)}, "look": Look(seed=seed),
            "scenes": (BoardScene(title="", shots=tuple(shots)),),
        }
    )  # fmt: skip


def sentences_of(notes: str) -> list[str]:
    """Return the sentences of notes, very short ones joined with a neighbour, without list marks.

    Raises:
        InvalidInput: there are too many for one film.
    """
    language = detect(notes)
    found: list[str] = []
    for line in notes.splitlines():
        bare = " ".join(line.lstrip(" \t#*•·-–—>").split())
        for one in chunk(bare, language, _LONGEST_SENTENCE) if bare else ():
            if found and len(found[-1].split()) < _FEWEST_WORDS:
                found[-1] = f"{found[-1]} {one.text}"
            else:
                found.append(one.text)
    if not found:
        raise InvalidInput("project.no-topic")
    if len(found) > MOST_SENTENCES:
        raise InvalidInput("project.notes-too-long", sentences=len(found), most=MOST_SENTENCES)
    return found


def place_for(text: str, chance: random.Random) -> str:
    """Return a place that can be painted and matches the words."""
    low = text.lower()
    for words, place in PLACES:
        if any(word in low for word in words):
            return place
    return chance.choice([place for _, place in PLACES])


def _from_notes(sentences: Sequence[str], idea: Idea | None, chance: random.Random) -> list[BoardShot]:
    shots = []
    place = place_for(f"{idea.topic if idea else ''} {' '.join(sentences[:3])}", chance)
    for number, sentence in enumerate(sentences):
        presented = number % _PRESENTED == 0 or number == len(sentences) - 1
        see = sentence if len(sentence) <= 200 else f"{sentence[:200].rsplit(' ', 1)[0]}"
        shots.append(_shot(sentence, "presenter" if presented else "animatic", place if presented else f"{see} ({place})"))
    return shots


def _by_grammar(idea: Idea, chance: random.Random) -> list[BoardShot]:
    beats: Sequence[Sequence[Beat]] = {"story": STORY, "tips": TIPS}.get(idea.kind, EXPLANATION)
    place = place_for(idea.topic, chance)
    light = chance.choice(("at dawn", "in the morning", "under a golden sun", "at dusk"))
    fields = {
        "topic": idea.topic, "subject": idea.subject, "who": idea.who, "place": place, "light": light,
        "same": _same(idea.who),
    }  # fmt: skip
    shots = []
    for beat in beats:
        one = chance.choice(beat)
        shots.append(_shot(_upper(one.say.format(**fields)), one.show, one.see.format(**fields)))
    return shots


def _shot(text: str, show: str, see: str) -> BoardShot:
    return BoardShot.model_validate({"show": show, "see": see, "lines": (BoardLine(who=PRESENTER, text=text),)})


def _same(who: str) -> str:
    """Return the reference to a person who was named before."""
    word, _, rest = who.partition(" ")
    if who.startswith("somebody"):
        return "they"
    return f"the {rest}" if word in ("a", "an") and rest else who


def _lower(text: str) -> str:
    """Return the text with a lower-case first letter, unless the first word is a name, an abbreviation or "I"."""
    first = text.partition(" ")[0]
    plain = {"A", "An", "The", "How", "Why", "What", "When", "Where", "Tips", "Two", "Three", "Some", "Ways", "Story", "Making"}
    return text[0].lower() + text[1:] if first in plain else text


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _title(words: str) -> str:
    told = _upper(" ".join(words.split()).rstrip(" .!?"))
    return told if len(told) <= 70 else f"{told[:70].rsplit(' ', 1)[0]}…"
