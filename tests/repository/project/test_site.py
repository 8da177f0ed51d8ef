"""The site of the documents: its navigation names every page once, and links out of docs/ become names of files."""

from __future__ import annotations

import importlib.util
import re
from types import SimpleNamespace

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
