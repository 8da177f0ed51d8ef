"""Reader of EPUB 2 and 3: the spine in order, chapters by the contents, the cover."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from media.documents.archives import DocumentArchive, opened, resolved
from media.documents.chapters import chapters_of
from media.documents.document import CoverPicture, Document, DocumentBuilder, DocumentChapter, measured
from media.documents.epub.package import ContentsEntry, Package, SpineItem, read_package
from media.documents.markup import MarkupReader, decoded_markup, html_tree, local, xml_tree
from media.documents.second_reading import page_text

_PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def read_epub(path: Path) -> Document:
    """Read an EPUB.

    Raises:
        MediaError: it is protected, damaged, too large, or no EPUB.
    """
    with opened(path) as archive:
        package = read_package(archive)
        builder = DocumentBuilder()
        reader = MarkupReader(builder)
        source = "".join(_read_item(item, archive, reader) for item in package.spine)
        cover = _cover(archive, package)
    blocks = tuple(builder.blocks)
    return Document(
        "EPUB",
        blocks,
        tuple(builder.removed),
        _placed(package.contents, reader.anchors, len(blocks)) or chapters_of(blocks),
        package.title,
        package.authors,
        package.language,
        cover,
        coverage=measured(builder.trace, source),
        trace=tuple(builder.trace),
    )


def _read_item(item: SpineItem, archive: DocumentArchive, reader: MarkupReader) -> str:
    """Read one file of the spine and return the text that a second parser finds in it."""
    text = decoded_markup(archive.text(item.path))
    root = xml_tree(text)
    if root is None or not any(local(node) == "body" for node in root.iter()):
        root = html_tree(text)
    if root is not None:
        reader.read(root, item.path, "contents" if item.is_contents else None if item.linear else "notes")
    return page_text(text)


def _placed(
    contents: Iterable[ContentsEntry], anchors: Mapping[tuple[str, str], int], blocks: int
) -> tuple[DocumentChapter, ...]:
    """Return the entries of the contents with their positions in the text.

    Entries without a target are dropped; titles of several entries at one position, such as a part and its first chapter, are
    joined.
    """
    found: dict[int, DocumentChapter] = {}
    for entry in contents:
        at = anchors.get((entry.path, entry.fragment), anchors.get((entry.path, "")))
        if at is None or at >= blocks:
            continue
        before = found.get(at)
        title = f"{before.title}: {entry.title}" if before and before.title != entry.title else entry.title
        found[at] = DocumentChapter(title, at, before.depth if before else entry.depth)
    return tuple(found[at] for at in sorted(found))


def _cover(archive: DocumentArchive, package: Package) -> CoverPicture | None:
    path = package.cover or _first_picture(archive, package)
    data = archive.picture(path) if path else None
    mime = next((mime for start, mime in _PICTURES.items() if data and data.startswith(start)), "")
    return CoverPicture(data, mime) if data and mime else None


def _first_picture(archive: DocumentArchive, package: Package) -> str:
    """Return the first picture of the first page, if the page has little else."""
    first = package.spine[0].path
    text = decoded_markup(archive.text(first))
    root = xml_tree(text)
    if root is None or len(page_text(text).split()) > 30:
        return ""
    for node in root.iter():
        if local(node) in ("img", "image"):
            place = node.get("src") or node.get("{http://www.w3.org/1999/xlink}href") or node.get("href") or ""
            return resolved(first, place)[0] if place else ""
    return ""
