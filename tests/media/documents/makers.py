"""Documents made from nothing but Python's own library, so that no reader of the studio has made what it reads."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)

ALICE = (
    "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: once or "
    "twice she "
    "had peeped into the book her sister was reading, but it had no pictures or conversations in it, “and what is the use of a "
    "book,” thought Alice “without pictures or conversations?”",
    "So she was considering in her own mind (as well as she could, for the hot day made her feel very sleepy and stupid), "
    "whether the pleasure of making a daisy-chain would be worth the trouble of getting up and picking the daisies, "
    "when suddenly "
    "a White Rabbit with pink eyes ran close by her.",
    "There was nothing so very remarkable in that; nor did Alice think it so very much out of the way to hear the "
    "Rabbit say to "
    "itself, “Oh dear! Oh dear! I shall be late!”",
)
POOL = (
    "“Curiouser and curiouser!” cried Alice (she was so much surprised, that for the moment she quite forgot how to speak good "
    "English); “now I’m opening out like the largest telescope that ever was! Good-bye, feet!”",
    "Just then her head struck against the roof of the hall: in fact she was now more than nine feet high, and she at "
    "once took "
    "up the little golden key and hurried off to the garden door.",
)


def zipped(path: Path, members: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def page(body: str, head: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>not spoken</title>{head}</head><body>{body}</body></html>'
    )


def epub(
    path: Path, pages: Mapping[str, str], nav: str, *, extra: Mapping[str, str | bytes] | None = None, cover: bool = True
) -> Path:
    """An EPUB 3; `nav` is the list of its contents."""
    items = "".join(f'<item id="{key}" href="text/{key}.xhtml" media-type="application/xhtml+xml"/>' for key in pages)
    spine = "".join(f'<itemref idref="{key}"/>' for key in pages)
    picture = '<item id="c" href="cover.png" media-type="image/png" properties="cover-image"/>' if cover else ""
    opf = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier>'
        "<dc:title>Alice’s Adventures</dc:title><dc:creator>Lewis Carroll</dc:creator><dc:language>en</dc:language>"
        "</metadata><manifest>"
        f'<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>{picture}{items}</manifest>'
        f"<spine>{spine}</spine></package>"
    )
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": opf,
        "OEBPS/nav.xhtml": page(f'<nav epub:type="toc"><h1>Contents</h1><ol>{nav}</ol></nav>'),
        **{f"OEBPS/text/{key}.xhtml": page(body) for key, body in pages.items()},
        **(extra or {}),
    }
    if cover:
        members["OEBPS/cover.png"] = PNG
    return zipped(path, members)


def alice(path: Path) -> Path:
    """Two chapters with a note, a page break inside a word, a table, a scene break and a nested contents."""
    first = (
        f'<h1 id="part">Part One</h1><h2 id="c1">Down the <em>Rabbit</em>-Hole</h2><p><span class="drop">A</span>'
        f"{ALICE[0][1:]}</p>"
        f'<p>{ALICE[1]}<a epub:type="noteref" href="#n1">1</a></p><hr/><p>There was no<span epub:type="pagebreak" '
        f'title="7">7</span>thing '
        f"so very{ALICE[2].partition('so very')[2]}</p><table><tr><td>Rabbits</td><td>1</td></tr></table>"
        '<aside epub:type="footnote" id="n1"><p>White, with pink eyes.</p></aside>'
    )
    second = f'<h2 id="c2">The Pool of Tears</h2><p>{POOL[0]}</p><p>{POOL[1]} A &amp; B &lt;x&gt; caf&eacute;&nbsp;noir.</p>'
    nav = (
        '<li><a href="text/a.xhtml#part">Part One</a><ol><li><a href="text/a.xhtml#c1">Down the Rabbit-Hole</a></li>'
        '<li><a href="text/b.xhtml#c2">The Pool of Tears</a></li><li><a href="text/gone.xhtml">Gone</a></li></ol></li>'
    )
    return epub(path, {"a": first, "b": second}, nav)


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(path: Path, body: str, notes: str = "") -> Path:
    styles = (
        f'<w:styles {W}><w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Eigen"><w:name w:val="Eigen"/><w:basedOn w:val="berschrift1"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style></w:styles>'
    )
    members: dict[str, str | bytes] = {
        "word/document.xml": f'<?xml version="1.0"?><w:document {W} '
        f'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/'
        f'2006"><w:body>{body}</w:body></w:document>',
        "word/styles.xml": styles,
        "docProps/core.xml": '<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A Title</dc:title><dc:creator>'
        "Ada</dc:creator></c>",
    }
    if notes:
        members["word/footnotes.xml"] = f"<w:footnotes {W}>{notes}</w:footnotes>"
    return zipped(path, members)


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def odt(path: Path, body: str) -> Path:
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    )
    content = (
        f"<?xml version='1.0'?><office:document-content {spaces}><office:body><office:text>{body}</office:text></office:body>"
    )
    return zipped(
        path, {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": f"{content}</office:document-content>"}
    )


Placed = tuple[float, float, float, str]
"""Left and baseline in points from the top left, size, text."""


def pdf(path: Path, pages: Sequence[Sequence[Placed]], *, width: int = 420, height: int = 595) -> Path:
    """A PDF of lines in Times, in WinAnsi."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for lines in pages:
        drawn = b"".join(
            b"BT /F1 %.1f Tf %.1f %.1f Td (%s) Tj ET\n"
            % (
                size,
                left,
                height - top,
                text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)"),
            )
            for left, top, size, text in lines
        )
        packed = zlib.compress(drawn)
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
            % (width, height, len(objects))
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    data = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    path.write_bytes(data)
    return path
