"""Reader of a saved HTML page: its article, without menus, headers and footers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from media.documents.chapters import by_headings, by_length, with_found_headings
from media.documents.document import Document, DocumentBuilder, measured
from media.documents.markup import MarkupReader, decoded_markup, html_tree, local, text_of
from media.documents.second_reading import page_text
from media.errors import MediaError

_AROUND = frozenset({"nav", "header", "footer", "aside", "form"})


def read_page(path: Path) -> Document:
    """Read a page.

    Raises:
        MediaError: it has no text.
    """
    text = decoded_markup(path.read_bytes())
    root = html_tree(text)
    if root is None:
        raise MediaError("document.nothing-to-read", file=path.name)
    builder = DocumentBuilder()
    MarkupReader(builder, _around(root)).read(root)
    blocks = tuple(builder.blocks)
    if not by_headings(blocks):
        blocks = with_found_headings(blocks)
    title = next((" ".join(text_of(node).split()) for node in root.iter() if local(node) == "title"), "")
    language = next((node.get("lang") for node in root.iter() if local(node) == "html" and node.get("lang")), "") or ""
    found = Document("HTML", blocks, tuple(builder.removed), by_headings(blocks) or by_length(blocks), title, language=language)
    return replace(found, coverage=measured(builder.trace, page_text(text)), trace=tuple(builder.trace))


def _around(root: Any) -> frozenset[Any]:
    """Return the elements around the article: all outside of the only `article` or `main`, else headers, footers, menus and
    asides.
    """
    nodes = [node for node in root.iter() if local(node)]
    for wanted in ("article", "main"):
        found = [node for node in nodes if local(node) == wanted]
        if len(found) == 1:
            inside = {found[0], *found[0].iterancestors()}
            return frozenset(
                node for one in found[0].iterancestors() for node in one if node not in inside and local(node) not in ("head", "")
            )
    return frozenset(node for node in nodes if local(node) in _AROUND)
