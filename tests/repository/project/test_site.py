"""The site of the documents: its navigation names every page once, and links out of docs/ become names of files."""

from __future__ import annotations

import importlib.util
import re
from types import SimpleNamespace

from media.audio.decode import probe
from tests.repository.sources import ROOT

DOCS = ROOT / "docs"


def test_the_navigation_names_every_page_once() -> None:
    """What leads nowhere, anchors too, is found by packaging/site/build.sh, which the release runs."""
    named = re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def test_links_out_of_the_documents_become_names_of_files() -> None:
    path = ROOT / "packaging" / "site" / "links.py"
    found = importlib.util.spec_from_file_location("site_links", path)
    assert found is not None and found.loader is not None
    links = importlib.util.module_from_spec(found)
    found.loader.exec_module(links)
    page = SimpleNamespace(file=SimpleNamespace(src_uri="how-to/system.md"))
    text = "See [the README](../../README.md), [voices](../guides/voices.md) and [a site](https://example.org/)."
    assert links.on_page_markdown(text, page=page) == (
        "See the README (`README.md`), [voices](../guides/voices.md) and [a site](https://example.org/)."
    )


def test_the_gallery_is_small_whole_and_says_how_it_was_made() -> None:
    """Every file decodes, is shown, and stands beside a command of the launcher; together they stay small."""
    folder = DOCS / "gallery"
    text = (folder / "index.md").read_text("utf-8")
    results = [path for path in folder.iterdir() if path.suffix != ".md"]
    shown = re.findall(r'<(?:audio|video) [^>]*src="([^"]+)"', text)
    assert sorted(shown) == sorted(path.name for path in results)
    assert sum(path.stat().st_size for path in results) < 2_500_000
    for name in shown:
        part = text.split(f'src="{name}"', 1)[1].split("\n## ", 1)[0]
        assert re.search(r"^\./launch\.sh call \w+ ", part, re.MULTILINE), name
        assert probe(folder / name).duration > 1, name
