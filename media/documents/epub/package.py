"""The structure of an EPUB: container, package document, contents (EPUB 2 and 3).

Elements are found by their local names, because real files declare any namespace or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from media.documents.archives import DocumentArchive, resolved
from media.documents.markup import EPUB_TYPE, decoded_markup, local, text_of, xml_tree
from media.errors import MediaError

_HARMLESS_ENCRYPTION = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""What is done to fonts, which are not read."""

_MOST_SPINE = 5_000


@dataclass(frozen=True)
class SpineItem:
    """A text file in reading order; one that is not linear is auxiliary, such as notes."""

    path: str
    linear: bool
    is_contents: bool


@dataclass(frozen=True)
class ContentsEntry:
    """A line of the contents: depth 1 is the highest; path and fragment as they are in the archive."""

    depth: int
    title: str
    path: str
    fragment: str


@dataclass(frozen=True)
class Package:
    """The data of the package document. `cover` is the path of a picture, "" for none."""

    title: str
    authors: tuple[str, ...]
    language: str
    spine: tuple[SpineItem, ...]
    contents: tuple[ContentsEntry, ...]
    cover: str


def read_package(archive: DocumentArchive) -> Package:
    """Read the structure.

    Raises:
        MediaError: it is protected, no EPUB, or has nothing to read.
    """
    _refuse_protection(archive)
    place = _package_path(archive)
    root = _tree(archive, place)
    if root is None:
        raise MediaError("document.damaged", file=archive.name)
    items = {node.get("id"): node for node in _all(root, "item") if node.get("id") and node.get("href")}
    paths = {key: resolved(place, node.get("href"))[0] for key, node in items.items()}
    nav = next((paths[key] for key, node in items.items() if "nav" in (node.get("properties") or "").split()), "")
    spine = tuple(
        SpineItem(paths[key], node.get("linear") != "no", paths[key] == nav)
        for node in list(_all(root, "itemref"))[:_MOST_SPINE]
        if (key := node.get("idref")) in paths and paths[key] in archive
    )
    if not spine:
        raise MediaError("document.nothing-to-read", file=archive.name)
    contents = _nav_entries(archive, nav) if nav in archive else ()
    return Package(
        title=next(_texts(root, "title"), ""),
        authors=tuple(_texts(root, "creator")),
        language=next(_texts(root, "language"), ""),
        spine=spine,
        contents=contents or _ncx_entries(archive, root, paths),
        cover=_cover_path(root, items, paths),
    )


def _refuse_protection(archive: DocumentArchive) -> None:
    if "META-INF/rights.xml" in archive or "META-INF/license.lcpl" in archive:
        raise MediaError("document.protected", file=archive.name)
    if "META-INF/encryption.xml" not in archive:
        return
    root = _tree(archive, "META-INF/encryption.xml")
    ways = [node.get("Algorithm") or "" for node in _all(root, "encryptionmethod")] if root is not None else [""]
    if any(way not in _HARMLESS_ENCRYPTION for way in ways):
        raise MediaError("document.protected", file=archive.name)


def _package_path(archive: DocumentArchive) -> str:
    if "META-INF/container.xml" in archive:
        root = _tree(archive, "META-INF/container.xml")
        for node in _all(root, "rootfile") if root is not None else ():
            if (path := node.get("full-path")) and path in archive:
                return resolved("", path.replace("#", "%23"))[0]
    found = next((name for name in archive.names() if name.lower().endswith(".opf")), "")
    if not found:
        raise MediaError("document.no-epub", file=archive.name)
    return found


def _nav_entries(archive: DocumentArchive, path: str) -> tuple[ContentsEntry, ...]:
    root = _tree(archive, path)
    if root is None:
        return ()
    navs = list(_all(root, "nav"))
    toc = next((nav for nav in navs if "toc" in (nav.get(EPUB_TYPE) or "").split()), navs[0] if len(navs) == 1 else None)
    return tuple(_linked(toc, path, "ol")) if toc is not None else ()


def _linked(toc: Any, path: str, list_name: str) -> Iterator[ContentsEntry]:
    stack = [(toc, 0)]
    while stack:
        node, depth = stack.pop()
        if local(node) == "a" and node.get("href"):
            title = " ".join(text_of(node).split())
            if title:
                yield ContentsEntry(max(1, depth), title, *resolved(path, node.get("href")))
            continue
        below = depth + (local(node) == list_name)
        stack.extend((child, below) for child in reversed(node))


def _ncx_entries(archive: DocumentArchive, root: Any, paths: dict[str, str]) -> tuple[ContentsEntry, ...]:
    spine = next(_all(root, "spine"), None)
    named = paths.get(spine.get("toc") or "", "") if spine is not None else ""
    path = named if named in archive else next((name for name in archive.names() if name.lower().endswith(".ncx")), "")
    ncx = _tree(archive, path) if path else None
    return tuple(_points(ncx, path)) if ncx is not None else ()


def _points(ncx: Any, path: str) -> Iterator[ContentsEntry]:
    stack = [(ncx, 0)]
    while stack:
        node, depth = stack.pop()
        point = local(node) == "navpoint"
        if point:
            label = next(_texts(node, "text"), "")
            target = next((one.get("src") for one in node if local(one) == "content" and one.get("src")), "")
            if label and target:
                yield ContentsEntry(depth + 1, label, *resolved(path, target))
        stack.extend((child, depth + point) for child in reversed(node))


def _cover_path(root: Any, items: dict[str, Any], paths: dict[str, str]) -> str:
    for key, node in items.items():
        if "cover-image" in (node.get("properties") or "").split():
            return paths[key]
    named = next((node.get("content") for node in _all(root, "meta") if node.get("name") == "cover"), "") or ""
    if named in items and (items[named].get("media-type") or "").startswith("image/"):
        return paths[named]
    return ""


def _tree(archive: DocumentArchive, path: str) -> Any:
    return xml_tree(decoded_markup(archive.text(path)))


def _all(root: Any, name: str) -> Iterator[Any]:
    return (node for node in root.iter() if local(node) == name)


def _texts(root: Any, name: str) -> Iterator[str]:
    told = (" ".join(text_of(node).split()) for node in _all(root, name))
    return (text for text in told if text)
