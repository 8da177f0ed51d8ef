"""What reads text from outside takes time that grows with the length of the text and no faster.

The coverage is not measured here: it would more than double the time, and each reader has tests of its own.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from capabilities.voiceover.script.chunk import chunk
from capabilities.voiceover.script.language_detection import detect, is_sure
from capabilities.voiceover.script.normalise import normalise
from capabilities.voiceover.script.parse import parse
from engines.worker.error_messages import redact_error
from media.text.cues import Cue, TimedWord
from media.text.formats import parse_srt, to_vtt
from media.text.layout import tidy
from media.text.reading.markup import hide_markup
from media.text.reading.reader import ReadingOptions, read
from studio.doctor.log_viewer import read_log
from studio.doctor.support_bundle import Redaction
from studio.files import slug
from studio.logs import scrub
from studio.verification.text_normalisation import comparable_words
from studio.voices.names import composed, near_matches, visible
from tests.repository.parsers.growth import FRAMES, PATTERNS, Read, growth
from tests.repository.sources import ROOT

pytestmark = pytest.mark.no_cover


def timed_words(text: str) -> object:
    words = text.split()
    return tidy([Cue(0, len(words), text, "", tuple(TimedWord(word, at, at + 0.5) for at, word in enumerate(words)))])


READERS: dict[str, Read] = {
    "script": lambda text: parse(text, ("Anna",)),
    "sentences": lambda text: chunk(text, "zh", 300),
    "sentences in English": lambda text: chunk(text, "en", 300),
    "normalised text": normalise,
    "hidden markup": hide_markup,
    "reading": lambda text: read(text, ReadingOptions("en", pronunciations={"a": "b", "word": "c"})),
    "language": lambda text: (detect(text), is_sure(text)),
    "SubRip": parse_srt,
    "tidy subtitles": timed_words,
    "WebVTT": lambda text: to_vtt([Cue(0, 1, text, text)]),
    "file name": slug,
    "voice name": lambda text: (composed(text), visible(text), near_matches(text, ["Anna", "Ben"])),
    "log": scrub,
    "reason of an engine": redact_error,
    "support bundle": Redaction({"/data": "<data>"}).lines,
    "words of a take": comparable_words,
}


UNFRAMED = {"tidy subtitles", "sentences", "sentences in English", "words of a take", "reading"}
"""What reads the words of a line alone: headings, labels and pauses were taken from them before."""


@pytest.mark.parametrize("name", READERS)
def test_every_reader_of_outside_text_is_linear(name: str) -> None:
    found = []
    for pattern in PATTERNS:
        for before, after in FRAMES[:1] if name in UNFRAMED else FRAMES:
            if said := growth(READERS[name], lambda size: before + pattern * (size // len(pattern)) + after):  # noqa: B023
                found.append(f"{before!r} … {after!r}: {said}")
                break
    assert not found


def test_a_log_of_any_shape_is_read_in_linear_time(tmp_path: Path) -> None:
    def read(text: str) -> object:
        (tmp_path / "greenroom.log").write_text(text)
        return read_log(tmp_path, text="a b " * 1000)

    for line in ("token", "token\n", "2026-01-01 00:00:00,1 ERROR a [b] token=", "2026-01-01 00:00:00,1 ERROR a [b] a b\n"):
        assert not growth(read, lambda size: line * (size // len(line)))  # noqa: B023


# Every pattern of the code


USED = {f"re.{name}" for name in ("sub", "subn", "match", "search", "fullmatch", "findall", "finditer", "split")}


def compiled() -> Iterator[tuple[str, re.Pattern[str], bool]]:
    """Every pattern that a module of the studio keeps, and every constant one that it uses in place; whether it is looked for
    anywhere in a text, or matched at one place alone."""
    for folder in ("studio", "media", "api", "tabs", "engines"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            code = path.read_text("utf-8")
            if not re.search(r"^\s*import re$", code, re.MULTILINE):
                continue
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for key, value in vars(importlib.import_module(name)).items():
                held = value if isinstance(value, tuple | list) else (value,)
                for one in (part for each in held for part in (each if isinstance(each, tuple) else (each,))):
                    if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                        yield f"{name}.{key}", one, not re.search(rf"\b{key}\.(?:full)?match\(", code)
            for call in ast.walk(ast.parse(code)):
                if isinstance(call, ast.Call) and ast.unparse(call.func) in USED and isinstance(call.args[0], ast.Constant):
                    yield f"{name}:{call.lineno}", re.compile(str(call.args[0].value)), "match" not in ast.unparse(call.func)


def example(tree: Any, pumped: int, times: int, count: list[int]) -> str:
    """A text that the pattern matches; its repetition of number `pumped` stands there `times` times."""
    made = ""
    for operation, value in tree:
        match str(operation):
            case "LITERAL":
                made += chr(value)
            case "NOT_LITERAL" | "ANY":
                made += "b" if value != ord("b") else "c"
            case "IN":
                made += member(value)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                number, count[0] = count[0], count[0] + 1
                body = example(value[2], pumped, times, count)
                made += body * (times // max(1, len(body)) if number == pumped else max(1, int(value[0])))
            case "BRANCH":
                made += example(value[1][0], pumped, times, count)
            case "SUBPATTERN":
                made += example(value[3], pumped, times, count)
            case "ATOMIC_GROUP":
                made += example(value, pumped, times, count)
    return made


def member(items: Any) -> str:
    inside = re.compile("", re.NOFLAG)
    for operation, value in items:
        match str(operation):
            case "NEGATE":
                excluded = {chr(each) for kind, each in items if str(kind) == "LITERAL"}
                return next(letter for letter in "a1 .b" if letter not in excluded)
            case "LITERAL":
                return chr(value)
            case "RANGE":
                return chr(value[0])
            case "CATEGORY":
                return {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "1"}.get(str(value), "a")
    return inside.pattern


def attacks(pattern: re.Pattern[str]) -> Iterator[Callable[[int], str]]:
    """Texts that nearly match: each repetition made long, the end spoiled; and the beginning of a match over and over."""
    tree = re._parser.parse(pattern.pattern, pattern.flags)  # type: ignore[attr-defined]
    count = [0]
    whole = example(tree, -1, 0, count)
    for number in range(count[0]):
        for end in ("", "\x00", "b"):
            yield lambda size, number=number, end=end: example(tree, number, size, [0]) + end
            yield lambda size, number=number, end=end: example(tree, number, size, [0])[:-1] + end
    for length in {1, len(whole) // 2, len(whole) - 1, len(whole)} - {0, -1}:
        yield lambda size, part=whole[:length]: part * (size // max(1, len(part)))


def test_every_pattern_of_the_code_is_linear_on_texts_that_nearly_match() -> None:
    known = list(compiled())
    assert len(known) > 80
    found = []
    for name, pattern, anywhere in known:
        read = (lambda text: sum(1 for _ in pattern.finditer(text))) if anywhere else pattern.match  # noqa: B023
        found += [f"{name}: {said}" for shape in attacks(pattern) if (said := growth(read, shape))]
    assert not found, "\n".join(found)


def test_the_check_of_patterns_finds_what_is_not_linear() -> None:
    for slow in (
        r"(?i)([\w-]*(?:token|secret)[\w-]*\s*[:=]\s*)(\S+)",
        r"(\w+://)[^/\s:@]+:[^/\s@]+@",
        r"\s*([A-Za-z_]\w*)\s*=\s*([^=]*?)\s*\Z",
    ):
        pattern = re.compile(slow)
        assert any(growth(lambda text: list(pattern.finditer(text)), shape) for shape in attacks(pattern)), slow  # noqa: B023
