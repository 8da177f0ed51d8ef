"""Parts of office documents as trees, and their metadata."""

from __future__ import annotations

from typing import Any

from lxml import etree

from media.documents.archives import DocumentArchive
from media.errors import MediaError


def part_tree(data: bytes, name: str) -> Any:
    """Return the root of a part.

    Raises:
        MediaError: it is not well-formed XML, or declares entities.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise MediaError("document.damaged", file=name) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise MediaError("document.entities", file=name)
    return root


def plain_texts(archive: DocumentArchive, part: str, name: str) -> tuple[str, tuple[str, ...], str]:
    """Return title, authors and language from a part with Dublin Core elements; empty if they are missing."""
    if part not in archive:
        return "", (), ""
    try:
        root = part_tree(archive.text(part), name)
    except MediaError:
        return "", (), ""
    told: dict[str, list[str]] = {}
    for node in root.iter():
        if isinstance(node.tag, str) and (text := " ".join((node.text or "").split())):
            told.setdefault(node.tag.rpartition("}")[2], []).append(text)
    authors = told.get("creator") or told.get("initial-creator") or []
    return next(iter(told.get("title", [])), ""), tuple(authors), next(iter(told.get("language", [])), "")
