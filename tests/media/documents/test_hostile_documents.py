"""Documents that mean harm, or are broken: each refused in words or read without harm, in time that grows with their size."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from media.documents.read import read_document
from media.errors import MediaError
from tests.media.documents import makers
from tests.media.documents.makers import alice, docx, epub, odt, page, pdf, run, zipped
from tests.repository.parsers.growth import growth


def refused(path: Path) -> str:
    with pytest.raises(MediaError) as raised:
        read_document(path)
    assert path.name in raised.value.reason and str(path.parent) not in str(raised.value)
    return raised.value.code


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = docx(tmp_path / "bomb.docx", "")
    with (
        zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as member,
    ):
        for _ in range(80):
            member.write(b" " * (1 << 20))
    assert bomb.stat().st_size < 1 << 20
    assert refused(bomb) == "document.unpacks-too-large"


def test_an_archive_of_endless_parts_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "many.epub", "w") as archive:
        archive.writestr("META-INF/container.xml", makers.CONTAINER)
        for number in range(20_001):
            archive.writestr(f"{number}", "")
    assert refused(tmp_path / "many.epub") == "document.too-many-parts"


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY '
    'c "&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f SYSTEM '
    '"file:///etc/passwd">]>'
)  # fmt: skip


def test_entities_are_neither_expanded_nor_followed(tmp_path: Path) -> None:
    found = read_document(epub(tmp_path / "e.epub", {"a": f"{BOMB[:0]}<p>before &e; &f; after</p>"}, ""))
    text = " ".join(block.text for block in found.blocks)
    assert "before" in text and "after" in text and "aaaa" not in text and "root:" not in text

    inside = zipped(tmp_path / "f.epub", {
        "META-INF/container.xml": f"{BOMB}{makers.CONTAINER.partition('?>')[2]}",
        "OEBPS/content.opf": f'{BOMB}<package><metadata><title>&e;&f;</title></metadata><manifest><item id="a" '
        f'href="a.xhtml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>',
        "OEBPS/a.xhtml": f"{BOMB}<html><body><p>x &e; &f; y</p></body></html>",
    })  # fmt: skip
    found = read_document(inside)
    assert "aaaa" not in repr(found) and "root:" not in repr(found)

    for name, made in (
        ("b.docx", lambda path: zipped(path, {"word/document.xml": f"{BOMB}<w:document {makers.W}><w:t>&e;</w:t></w:document>"})),
        ("b.odt", lambda path: zipped(path, {"content.xml": f"{BOMB}<a>&f;</a>"})),
    ):
        assert refused(made(tmp_path / name)) == "document.entities"


def test_names_that_lead_out_of_the_archive_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret.xhtml").write_text(page("<p>secret</p>"))
    opf = (
        '<package><manifest><item id="a" href="../../secret.xhtml"/><item id="b" href="/etc/passwd"/><item id="c" '
        'href="good.xhtml"/>'
        '<item id="p" href="file:///etc/passwd" properties="cover-image"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/></spine></package>'
    )
    made = zipped(tmp_path / "t.epub", {
        "META-INF/container.xml": makers.CONTAINER, "OEBPS/content.opf": opf, "OEBPS/good.xhtml": page("<p>good</p>"),
        "../../../evil.txt": "evil",
    })  # fmt: skip
    assert [block.text for block in read_document(made).blocks] == ["good"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.xhtml", "t.epub"]


def test_protected_and_locked_documents_are_told_apart_from_damaged_ones(tmp_path: Path) -> None:
    drm = '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
    "</EncryptedData></encryption>"
    fonts = drm.replace("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "http://www.idpf.org/2008/embedding")
    assert (
        refused(epub(tmp_path / "drm.epub", {"a": "<p>x</p>"}, "", extra={"META-INF/encryption.xml": drm}))
        == "document.protected"
    )
    assert read_document(epub(tmp_path / "fonts.epub", {"a": "<p>x</p>"}, "", extra={"META-INF/encryption.xml": fonts})).blocks

    pdf(tmp_path / "plain.pdf", [[(50, 100, 11, "Words.")]])
    writer = PdfWriter(clone_from=PdfReader(tmp_path / "plain.pdf"))
    writer.encrypt("password", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    assert refused(tmp_path / "locked.pdf") == "document.locked"
    (tmp_path / "cut.pdf").write_bytes((tmp_path / "plain.pdf").read_bytes()[:60])
    assert refused(tmp_path / "cut.pdf") == "document.damaged"
    assert refused(pdf(tmp_path / "empty.pdf", [[]])) == "document.scanned"

    whole = alice(tmp_path / "a.epub").read_bytes()
    for at in (30, len(whole) // 3, len(whole) // 2):
        (tmp_path / "cut.epub").write_bytes(whole[:at])
        assert refused(tmp_path / "cut.epub") == "document.damaged"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", b"", "document.file-empty"),
        ("a.txt", b" \n\n ", "document.nothing-to-read"),
        ("a.txt", b"\x00\x01\x02" * 50, "document.no-text"),
        ("a.epub", b"just text", "document.of-another-kind"),
        ("a.docx", makers.PNG, "document.of-another-kind"),
        ("a.srt", b"no subtitle at all", "document.no-cues"),
        ("a.fountain", b"INT. A\n\n" + b"x" * 3000, "document.no-screenplay"),
        ("a.csv", b"\n\n", "document.nothing-to-read"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_words(name: str, content: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name) == code


def test_elements_nested_without_end_are_read_or_refused_but_end_nothing(tmp_path: Path) -> None:
    deep = "<div>" * 20_000 + "word" + "</div>" * 20_000
    (tmp_path / "d.html").write_text(f"<html><body><p>first</p>{deep}</body></html>")
    assert read_document(tmp_path / "d.html").blocks[0].text == "first"
    assert read_document(epub(tmp_path / "d.epub", {"a": f"<p>first</p>{deep}"}, "")).blocks[0].text == "first"
    for made in (
        docx(tmp_path / "d.docx", "<w:p>" * 5_000 + run("x") + "</w:p>" * 5_000),
        odt(tmp_path / "d.odt", deep.replace("div", "text:p")),
    ):
        assert refused(made) == "document.damaged"


def written(folder: Path, suffix: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        path = folder / f"a{suffix}"
        path.write_text(text, "utf-8")
        try:
            return read_document(path)
        except MediaError:
            return None

    return read


TRYING = {
    ".txt": ("a ", "Chapter I\n\n", "\n\n"),
    ".md": ("**a", "[a](", "[[", "# x\n\n", "- A\n"),
    ".html": ("<p>", "<!--", "&nbsp;", "<v a", "</a"),
    ".srt": ("a ", "- A\n", "<i>", "[a", "{\\\\a"),
    ".vtt": ("<v a", "<", "&lt;", "A: "),
    ".csv": ("a ", '"a,', ";\n"),
}


@pytest.mark.no_cover
@pytest.mark.parametrize("suffix", TRYING)
def test_reading_takes_time_that_grows_with_the_text_and_no_faster(suffix: str, tmp_path: Path) -> None:
    head = {".srt": "1\n00:00:01,000 --> 00:00:02,000\n", ".vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n"}.get(suffix, "")
    read = written(tmp_path, suffix)
    for pattern in TRYING[suffix]:
        assert not (said := growth(read, lambda size: head + pattern * (size // len(pattern)))), (pattern, said)  # noqa: B023


def test_packing_that_no_document_uses_is_refused(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("word/document.xml", f"<w:document {makers.W}/>")
    (tmp_path / "l.docx").write_bytes(held.getvalue())
    assert refused(tmp_path / "l.docx") == "document.packed-otherwise"
