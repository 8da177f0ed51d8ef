"""Reader of HTML and XHTML trees: puts every text node into a block or among the omissions.

The tree is lxml's, parsed without network and DTDs. HTML's entities are replaced by characters beforehand, because lxml's
recovering parser loses text after an unknown one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from html.entities import html5
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from media.documents.document import BlockKind, DocumentBuilder, LeftOut

EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_LINE_ENDS = {10: " ", 13: " "}
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s{0,5}=\s{0,5}["']([A-Za-z0-9._-]{1,40})["']""")
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}["']?([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
_DECLARATION = re.compile(r"\s{0,100}<\?xml[^>]{0,500}\?>")

BLOCKS = frozenset(
    {
        "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "blockquote", "section", "article", "main", "header", "footer", "aside",
        "pre", "address", "body", "html", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "center", "fieldset", "form", "td", "th",
        "tr", "hgroup", "details", "summary",
    }
)  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_UNSEEN = frozenset({"script", "style", "template", "head", "noscript", "iframe", "object"})
_BY_NAME: dict[str, LeftOut] = {
    "table": "tables", "figcaption": "captions", "caption": "captions", "nav": "contents", "del": "deleted text",
    "rt": "notes", "rp": "notes", "svg": "captions", "math": "markup", "button": "markup", "select": "markup",
}  # fmt: skip
_BY_TYPE: dict[str, LeftOut] = {
    "footnote": "notes", "footnotes": "notes", "endnote": "notes", "endnotes": "notes", "rearnote": "notes", "rearnotes": "notes",
    "noteref": "notes", "pagebreak": "page numbers", "page-list": "contents", "toc": "contents", "landmarks": "contents",
    "doc-footnote": "notes", "doc-endnote": "notes", "doc-endnotes": "notes", "doc-noteref": "notes", "doc-backlink": "notes",
    "doc-pagebreak": "page numbers", "doc-toc": "contents", "doc-pagelist": "contents",
}  # fmt: skip
_BY_CLASS: dict[str, LeftOut] = {
    "pagenum": "page numbers", "pageno": "page numbers", "pagebreak": "page numbers", "footnote": "notes", "footnotes": "notes",
    "fnanchor": "notes", "noteref": "notes", "pg-boilerplate": "front matter",
}  # fmt: skip
_BY_ID: dict[str, LeftOut] = {"pg-header": "front matter", "pg-footer": "front matter"}
_VERSE = frozenset({"poem", "verse", "stanza", "poetry", "linegroup"})
_REFERENCE = re.compile(r"[\s\[(]{0,3}[\d*†‡§¹²³⁴-⁹]{1,4}[\s\])]{0,3}\Z")


def decoded_markup(data: bytes, fallback: str = "utf-8") -> str:
    """Return the text of a markup file in its declared encoding; bytes that cannot be decoded become replacement characters."""
    head = data[:2048]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    declared = _DECLARED.search(head) or _META_CHARSET.search(head)
    encoding = declared.group(1).decode("ascii") if declared and not data.startswith(b"\xef\xbb\xbf") else fallback
    try:
        return data.decode(encoding, "replace").removeprefix("\ufeff")
    except LookupError:
        return data.decode(fallback, "replace")


def xml_tree(text: str) -> Any:
    """Return the root of XHTML or other XML, with recovery from errors; None if there is none."""
    prepared = _ENTITY.sub(_as_character, _DECLARATION.sub("", text, count=1))
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8")
    try:
        return etree.fromstring(prepared.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None


def html_tree(text: str) -> Any:
    """Return the root of an HTML page; None for an empty one."""
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True)
    try:
        return etree.fromstring(_DECLARATION.sub("", text, count=1).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None


def _as_character(found: re.Match[str]) -> str:
    name = found.group(1)
    return found.group() if name in _XML_OWN else html.escape(html5.get(f"{name};", found.group()), quote=False)


def local(node: Any) -> str:
    """Return the name of an element without its namespace, in lower case; "" for comments and processing instructions."""
    return node.tag.rpartition("}")[2].lower() if isinstance(node.tag, str) else ""


def text_of(node: Any) -> str:
    """Return all text within an element, without comments and processing instructions."""
    parts: list[str] = []
    stack = [(node, False)]
    while stack:
        one, closing = stack.pop()
        if closing:
            parts.append(one.tail or "")
            continue
        if one is not node:
            stack.append((one, True))
        if local(one) and local(one) not in _UNSEEN:
            parts.append(one.text or "")
            stack.extend((child, False) for child in reversed(one))
    return "".join(parts)


class MarkupReader:
    """Reads trees into one builder; `anchors` holds the block of each id of each file."""

    def __init__(self, builder: DocumentBuilder, around: Collection[Any] = ()) -> None:
        """Create a reader; `around` are elements around the text, such as menus."""
        self._around = around
        self.anchors: dict[tuple[str, str], int] = {}
        self._builder = builder
        self._context: list[tuple[BlockKind, int]] = [("paragraph", 0)]

    def read(self, root: Any, path: str = "", left_out: LeftOut | None = None) -> None:
        """Read the body of a tree; with `left_out`, all of it is left out under that kind."""
        body = next((node for node in root.iter() if local(node) == "body"), root)
        self.anchors.setdefault((path, ""), self._builder.next_block)
        self._builder.begin("paragraph")
        if left_out:
            self._builder.leave_out(left_out, text_of(body))
            return
        stack = [(body, False)]
        while stack:
            node, closing = stack.pop()
            if closing:
                self._leave(node)
                if node is not body:
                    self._keep(node.tail)
            else:
                stack.append((node, True))
                if self._enter(node, path):
                    self._keep(node.text)
                    stack.extend((child, False) for child in reversed(node))
        self._builder.end()

    def _enter(self, node: Any, path: str) -> bool:
        """Return whether to descend into an element."""
        name = local(node)
        if not name:
            if node.tag is etree.Entity:
                self._builder.leave_out("markup", node.text or "")
            return False
        if name in BLOCKS:
            kind: BlockKind = "heading" if name in _HEADINGS else self._kind(node)
            self._context.append((kind, _HEADINGS.get(name, 0)))
            self._builder.begin(*self._context[-1])
        for anchor in filter(None, (node.get("id"), node.get("name") if name == "a" else None)):
            self.anchors.setdefault((path, anchor), self._builder.next_block)
        if name in _UNSEEN:
            return False
        if kind_left := "contents" if node in self._around else left_out_as(node, name):
            self._builder.leave_out(kind_left, text_of(node))
            return False
        if name == "hr":
            self._builder.scene_break()
            self._builder.begin(*self._context[-1])
        elif name == "br":
            self._builder.keep("\n")
        return True

    def _keep(self, text: str | None) -> None:
        """Keep text of the source, in which a line end is a space: lines of verse end with `br`."""
        self._builder.keep((text or "").translate(_LINE_ENDS))

    def _leave(self, node: Any) -> None:
        if local(node) in BLOCKS:
            self._context.pop()
            self._builder.begin(*self._context[-1])

    def _kind(self, node: Any) -> BlockKind:
        if self._context[-1][0] == "verse" or _VERSE & set((node.get("class") or "").lower().split()):
            return "verse"
        return "paragraph"


def left_out_as(node: Any, name: str) -> LeftOut | None:
    """Return the kind under which an element is left out with its content; None if it is spoken."""
    told = f"{node.get(EPUB_TYPE) or node.get('epub:type') or ''} {node.get('role') or ''}".lower().split()
    for word in told:
        if word in _BY_TYPE:
            return _BY_TYPE[word]
    for word in (node.get("class") or "").lower().split():
        if word in _BY_CLASS:
            return _BY_CLASS[word]
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name == "sup" and _REFERENCE.match(text_of(node)):
        return "notes"
    if node.get("hidden") is not None:
        return "markup"
    return _BY_ID.get((node.get("id") or "").lower())
