"""What the built-in engines say for strings that are hard to read aloud, before and with the studio's reader.

`.venv/bin/python -m bench.reading.spoken` prints the shares, `--save` writes docs/evidence/reading-table.md. A string counts as
right when the engine's phonemes are those of one of the ways in which a person says it, written out in words in
bench/reading/strings; so a word that an engine cannot pronounce is not held against the reader.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.reading.table import LANGUAGES, Row, is_right, rows
from capabilities.voiceover.script.normalise import normalise
from engines.contract import EnginePaths, SpeakingVoice, SpeechRequest
from engines.contract.errors import EngineError
from engines.speech.espeak.engine import Espeak
from engines.speech.hibari.engine import Hibari
from media.text.reading.inline import ITEM_BREAK
from media.text.reading.markup import hide_markup
from media.text.reading.reader import ReadingOptions, read

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "evidence" / "reading-table.md"
NAMES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "zh": "Chinese", "ja": "Japanese"}
ENGINES = {"en": (Hibari, Espeak), "de": (Espeak,), "fr": (Espeak,), "es": (Espeak,), "zh": (Espeak,), "ja": ()}
HEAD = """# What is said for hard strings

Made by `.venv/bin/python -m bench.reading.spoken --save`. Each string is read by [the reader](../guides/reading.md) and spoken by
the engines that are in the box. "before" is the engine on the bare text, "now" the engine behind the reader; ✓ means that its
phonemes are those of one of the ways in which a person would say the string. No engine in the box reads Chinese characters in
Japanese, so there the words alone are judged.
"""


class _Run:
    """Nobody watches."""

    def progress(self, fraction: float, note: str = "") -> None:
        pass

    def check(self) -> None:
        pass


_LETTERS = re.compile(r"\b[A-Z](?: [A-Z])+\b")
"""Letters one by one: an engine may take a single A for an article, which no person would."""

Phonemes = Callable[[str], str]


def reader_text(row: Row, language: str) -> str:
    """What the reader makes of a string."""
    said = read(hide_markup(row.written).text, ReadingOptions(language)).text.replace(ITEM_BREAK, " ")
    return normalise(said).text


def _phonemes(engine: object, voice: str, language: str) -> Phonemes:
    def heard(text: str) -> str:
        try:
            spoken = engine.synthesize(SpeechRequest(text, SpeakingVoice(preset=voice), language))  # type: ignore[attr-defined]
        except EngineError as error:
            return f"refused: {error}"
        return "".join(mark.text for mark in spoken.phonemes)

    return heard


def judged(language: str, folder: Path) -> Iterator[tuple[Row, str, dict[str, tuple[bool, bool]]]]:
    """Each string, what the reader makes of it, and by engine whether it was right before and is now."""
    site = EnginePaths(ROOT / "assets", folder)
    heard: dict[str, Phonemes] = {}
    for kind in ENGINES[language]:
        engine = kind(site, kind.Options(), _Run())
        engine.load()
        heard[kind.card.title] = _phonemes(engine, "", language)
    for row in rows(language):
        said = reader_text(row, language)
        marks = {}
        for title, phonemes in heard.items():
            ways = {form for way in row.said for form in (way, _LETTERS.sub(lambda found: found[0].replace(" ", "."), way))}
            wanted = {phonemes(normalise(way).text) for way in ways}
            marks[title] = (phonemes(normalise(row.written).text) in wanted, phonemes(said) in wanted)
        if not marks:
            marks["words"] = (is_right(row.written, row, language), is_right(said, row, language))
        yield row, said, marks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", default=list(LANGUAGES))
    parser.add_argument("--save", action="store_true", help="write docs/evidence/reading-table.md")
    arguments = parser.parse_args()
    page = [HEAD]
    with tempfile.TemporaryDirectory() as folder:
        for language in arguments.languages:
            page.append(_section(language, Path(folder)))
            print(page[-1].split("\n\n")[1])
    if arguments.save:
        PAGE.write_text("\n".join(page), "utf-8")
    return 0


def _section(language: str, folder: Path) -> str:
    found = list(judged(language, folder))
    titles = list(found[0][2])
    sums = []
    for title in titles:
        before, now = (sum(marks[title][at] for _, _, marks in found) for at in (0, 1))
        sums.append(f"{title}: {before} of {len(found)} right before, **{now} of {len(found)}** now ({now / len(found):.0%})")
    columns = ["written", "said", *(f"{title}, {when}" for when in ("before", "now") for title in titles)]
    head = f"| {' | '.join(columns)} |"
    lines = [head, "|" + " --- |" * (2 + 2 * len(titles))]
    for row, said, marks in found:
        cells = [_cell(row.written), _cell(said), *("✓" if marks[title][at] else "✗" for at in (0, 1) for title in titles)]
        lines.append(f"| {' | '.join(cells)} |")
    return (
        f"## {NAMES[language]}\n\n{NAMES[language]}, {len(found)} strings. " + "; ".join(sums) + ".\n\n" + "\n".join(lines) + "\n"
    )


def _cell(text: str) -> str:
    plain = text.replace("\n", "⏎").replace("|", "\\|")
    return f"`{plain}`" if any(sign in plain for sign in "*<[~&`\\_") else plain


if __name__ == "__main__":
    raise SystemExit(main())
