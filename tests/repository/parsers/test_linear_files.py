"""What reads names, graphs, chapters, captions and calls from outside takes time that grows with their length and no faster."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from api.openai.speech import SpeechCall
from capabilities.voiceover.spec import VoiceoverSpec
from engines.contract.engine import EnginePaths
from engines.video.wan.lora import find_lora, read_wishes
from media.audio.tags import Chapter, _wav_notes, checked_chapters, wav_cue_chunks
from media.video.captions import laid_out
from studio.errors import GreenroomError
from studio.validation import validated
from studio.workflows.graph.api_graph import shape_problems
from studio.workflows.importing import read_export
from studio.workflows.manifest import Manifest
from studio.workflows.reading import read_template
from tests.repository.parsers.growth import PATTERNS, UNMEASURED_SECONDS, Read, growth, seconds
from tests.repository.sources import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]
FONTS = ROOT / "assets" / "fonts" / "captions"


def as_json(read: Read) -> Read:
    """Of a text that stands in JSON as a value, as a key, and as the JSON itself."""

    def reading(text: str) -> None:
        for each in (json.dumps({"data": [text], "input": text, "script": text}), json.dumps({text: text}), text):
            with contextlib.suppress(GreenroomError, ValueError, RecursionError):
                read(each)

    return reading


def loras(text: str) -> object:
    for wish in read_wishes(text, two_experts=True):
        find_lora(EnginePaths(ROOT, ROOT, weights=(ROOT,)), wish.name)
    return None


def chapters(text: str) -> object:
    made = [Chapter(0, 1, text), *(Chapter(at, at + 1, text[:9]) for at in range(1, len(text) // 64))]
    return [*_wav_notes(wav_cue_chunks(checked_chapters(made), 16_000)), *_wav_notes(text.encode("utf-8", "replace"))]


READERS: dict[str, Read] = {
    "call of an endpoint": as_json(lambda text: validated(VoiceoverSpec, json.loads(text))),
    "OpenAI call": as_json(lambda text: validated(SpeechCall, json.loads(text))),
    "graph": as_json(lambda text: shape_problems(json.loads(text))),
    "manifest": lambda text: Manifest.model_validate({"id": text, "title": text, "mappings": [{"key": text}], text: text}),
    "LoRAs": loras,
    "chapters": chapters,
}


@pytest.mark.parametrize("name", READERS)
def test_every_reader_is_linear(name: str) -> None:
    found = [
        f"{pattern!r}: {said}"
        for pattern in PATTERNS
        if (said := growth(READERS[name], lambda size: pattern * (size // len(pattern))))  # noqa: B023
    ]
    assert not found


@pytest.mark.parametrize("pattern", ["word ", "好", "a", "A. ", "a\u0301"])
def test_a_caption_of_any_length_takes_what_three_lines_take(pattern: str) -> None:
    def read(text: str) -> object:
        return laid_out(text, FONTS, 20, 800)

    read(pattern)
    short, long = (min(seconds(read, pattern * (size // len(pattern))) for _ in range(2)) for size in (2_000, 32_000))
    assert long < 3 * short + UNMEASURED_SECONDS


def test_chapters_of_any_number_are_written_and_read_in_linear_time() -> None:
    assert not growth(chapters, lambda size: "a" * (size * 16))


def test_graphs_of_any_size_and_shape_are_read_in_linear_time(tmp_path: Path) -> None:
    def node(number: int, inputs: dict[str, object]) -> str:
        return f'"{number}": {json.dumps({"class_type": "A", "inputs": inputs})}'

    def wide(size: int) -> str:
        return f"{{{', '.join(node(number, {'a': 1}) for number in range(size // 16))}}}"

    def chained(size: int) -> str:
        links = [node(number, {"a": [str(number + 1), 0]}) for number in range(size // 16)]
        return f"{{{', '.join([*links, node(size // 16, {})])}}}"

    def circled(size: int) -> str:
        return f"{{{', '.join(node(number, {'a': [str(number ^ 1), 0]}) for number in range(size // 16 * 2))}}}"

    def deep(size: int) -> str:
        return '{"a": ' * size + "1" + "}" * size

    def read(text: str) -> object:
        (tmp_path / "a.json").write_text(text)
        (tmp_path / "a.manifest.yaml").write_text("id: a\n")
        with contextlib.suppress(GreenroomError):
            read_export(tmp_path / "a.json", {})
        return read_template(tmp_path / "a.manifest.yaml")

    for shape in (wide, chained, circled, deep, lambda size: "[" * size, lambda size: '{"' + "a" * size + '": {}}'):
        assert not growth(read, shape)
