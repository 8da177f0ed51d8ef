"""Kokoro (torch) reads English with misaki and a spaCy model out of a wheel; prints as JSON what it read and said.

`python -m tests.engines.speech.torch_engines.loading.reads_english CHECKPOINTS SCRATCH`, in the model environment. The wheel is
made here: a pipeline of the published one's parts and names that has learnt two sentences, in which "live" is another word.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engines.common.weights import repo_folder_name
from engines.contract import EnginePaths, SpeechRequest
from engines.speech.kokoro_torch import english_model
from engines.speech.kokoro_torch.engine import REPO, KokoroTorch

LEARNT = (
    (["I", "live", "here", "."], ["PRP", "VBP", "RB", "."]),
    (["A", "live", "concert", "."], ["DT", "JJ", "NN", "."]),
)
ROUNDS = 30


class _Run:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def progress(self, fraction: float, note: str = "") -> None:
        self.notes.append(note)

    def check(self) -> None: ...


def main(checkpoints: Path, scratch: Path) -> dict[str, Any]:
    root = scratch / "weights"
    (root / repo_folder_name(english_model.REPO)).mkdir(parents=True)
    (root / repo_folder_name(REPO)).symlink_to(checkpoints / repo_folder_name(REPO))
    wheel = root / repo_folder_name(english_model.REPO) / english_model.WHEEL
    told: dict[str, Any] = {}
    with patch("spacy.cli.download", _fetched):
        for name, site in _sites(scratch, root, wheel):
            told[name] = _read(site)
    return told


def _sites(scratch: Path, root: Path, wheel: Path) -> Iterator[tuple[str, EnginePaths]]:
    """Before the wheel is there, with another file of its name, and with the wheel that the card means."""
    yield "missing", EnginePaths(scratch, scratch / "cache", (root,))
    write_wheel(wheel, scratch / "model")
    yield "another", EnginePaths(scratch, scratch / "cache", (root,))
    known = replace(english_model.FILE, size_bytes=wheel.stat().st_size, sha256=sha256(wheel.read_bytes()).hexdigest())
    english_model.make_importable.__defaults__ = (known,)  # type: ignore[attr-defined]
    yield "there", EnginePaths(scratch, scratch / "cache", (root,))


def _read(site: EnginePaths) -> dict[str, Any]:
    run = _Run()
    engine = KokoroTorch(site, KokoroTorch.Options(), run)
    engine.load()
    read = engine._reader("a")
    return {
        "phonemes": [read(" ".join(words)) for words, _ in LEARNT],
        "spoken": engine.synthesize(SpeechRequest("I live here.")).audio.duration,
        "readiness": KokoroTorch.readiness(site).sentence,
        "settled": KokoroTorch.settled(site, KokoroTorch.Options()).model_dump()["english"],
        "notes": [note for note in run.notes if "eSpeak" in note],
    }


def write_wheel(path: Path, scratch: Path) -> None:
    """As spaCy packs a pipeline: a package whose folder of data bears name and version."""
    import spacy
    from spacy.tokens import Doc
    from spacy.training import Example

    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    nlp.add_pipe("tagger", config={"model": {"tok2vec": {"@architectures": "spacy.Tok2VecListener.v1", "width": 96}}})
    examples = [Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, tags=tags)) for words, tags in LEARNT]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(ROUNDS):
        nlp.update(examples, sgd=optimizer)
    name, version = english_model.PACKAGE, english_model.WHEEL.split("-")[1]
    nlp.meta |= {"name": name.removeprefix("en_"), "version": version}
    package, info = scratch / name, scratch / f"{name}-{version}.dist-info"
    package.mkdir(parents=True)
    nlp.to_disk(package / f"{name}-{version}")
    shutil.copy(package / f"{name}-{version}" / "meta.json", package)
    (package / "__init__.py").write_text(
        "from spacy.util import load_model_from_init_py\n\ndef load(**overrides):\n"
        "    return load_model_from_init_py(__file__, **overrides)\n",
        "utf-8",
    )
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    shutil.make_archive(str(path), "zip", scratch)
    path.with_name(f"{path.name}.zip").rename(path)


def _fetched(*_: Any, **__: Any) -> None:
    raise AssertionError("spaCy was asked to fetch its model")


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n")
