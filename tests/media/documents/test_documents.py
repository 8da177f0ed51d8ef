"""Documents read: the right words in the right order, chapters where they are, and every character spoken or listed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from media.documents.document import Document, bare
from media.documents.read import read_document
from tests.media.documents import makers
from tests.media.documents.makers import ALICE, POOL, alice, docx, epub, odt, pdf, run


def spoken(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


def left_out(document: Document) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in document.removed]


def assert_whole(document: Document) -> None:
    """Nothing is lost between source, trace and blocks."""
    assert document.coverage.complete, document.coverage
    assert document.coverage.covered == 1.0
    assert document.coverage.source == document.coverage.kept + sum(document.coverage.removed.values())


# EPUB


def test_an_epub_has_its_chapters_where_the_contents_point_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    found = read_document(alice(tmp_path / "alice.epub"))
    assert spoken(found) == [
        "Part One", "Down the Rabbit-Hole", ALICE[0], ALICE[1], "",
        ALICE[2], "The Pool of Tears", POOL[0], f"{POOL[1]} A & B <x> café noir.",
    ]  # fmt: skip
    assert [(chapter.title, chapter.block, chapter.depth) for chapter in found.chapters] == [
        ("Part One", 0, 1), ("Down the Rabbit-Hole", 1, 2), ("The Pool of Tears", 6, 2),
    ]  # fmt: skip
    assert left_out(found) == [
        ("notes", "1"), ("page numbers", "7"), ("tables", "Rabbits1"), ("notes", "White, with pink eyes."),
    ]  # fmt: skip
    assert (found.title, found.authors, found.language) == ("Alice’s Adventures", ("Lewis Carroll",), "en")
    assert found.cover is not None and (found.cover.mime, found.cover.data) == ("image/png", makers.PNG)
    assert_whole(found)


def test_an_epub_2_is_read_by_its_ncx_and_its_cover_by_its_meta(tmp_path: Path) -> None:
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="2.0"><metadata><meta name="cover" content="pic"/>'
        "</metadata><manifest>"
        '<item id="pic" href="p%20ic.png" media-type="image/png"/><item id="ncx" href="toc.ncx" '
        'media-type="application/x-dtbncx+xml"/>'
        '<item id="a" href="a.html" media-type="application/xhtml+xml"/><item id="n" href="n.html" '
        'media-type="application/xhtml+xml"/>'
        '</manifest><spine toc="ncx"><itemref idref="a"/><itemref idref="n" linear="no"/></spine></package>'
    )
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>One</text></navLabel>'
        '<content src="a.html"/><navPoint><navLabel><text>Two</text></navLabel><content src="a.html#two"/></navPoint>'
        "</navPoint>"
        "</navMap></ncx>"
    )
    made = makers.zipped(
        tmp_path / "b.epub",
        {
            "META-INF/container.xml": makers.CONTAINER,
            "OEBPS/content.opf": opf,
            "OEBPS/toc.ncx": ncx,
            "OEBPS/p ic.png": makers.PNG,
            "OEBPS/a.html": makers.page(f'<p>{ALICE[0]}</p><div class="poem">How doth the<br/>little crocodile</div>'
            f'<p id="two">{POOL[0]}</p>'),
            "OEBPS/n.html": makers.page("<p>A note.</p>"),
        },
    )  # fmt: skip
    found = read_document(made)
    assert spoken(found) == [ALICE[0], "How doth the\nlittle crocodile", POOL[0]]
    assert [(chapter.title, chapter.block) for chapter in found.chapters] == [("One", 0), ("Two", 2)]
    assert found.cover is not None and left_out(found) == [("notes", "A note.")]
    assert_whole(found)


def test_an_undefined_entity_does_not_swallow_what_follows(tmp_path: Path) -> None:
    found = read_document(
        epub(tmp_path / "e.epub", {"a": "<p>A&nbsp;&amp;&nbsp;B &lt;x&gt; &eacute;t&eacute; &hellip; &amp;c.</p>"}, "")
    )
    assert spoken(found) == ["A & B <x> été … &c."]
    assert_whole(found)


def test_a_loss_is_seen_by_the_second_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.documents.markup._as_character", lambda found: found.group())
    found = read_document(epub(tmp_path / "e.epub", {"a": "<p>A&nbsp;&amp;&nbsp;B and more of it.</p>"}, ""))
    assert not found.coverage.complete and found.coverage.covered < 1 and found.coverage.missing


# Office


def test_a_docx_gives_text_headings_and_notes_and_nothing_that_was_deleted(tmp_path: Path) -> None:
    body = (
        f'<w:p><w:pPr><w:pStyle w:val="TOC1"/></w:pPr>{run("Kapitel 1 ... 3")}</w:p>'
        f'<w:p><w:pPr><w:pStyle w:val="Eigen"/></w:pPr>{run("Kapitel 1")}</w:p>'
        f"<w:p>{run('He was ')}<w:ins>{run('never ')}</w:ins><w:del><w:r><w:delText>always </w:delText></w:r></w:del>"
        f"{run('late')}"
        '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>.</w:t><w:br/><w:t>And</w:t><w:tab/><w:t>then</w:t></w:r></w:p>'
        f"<w:p>{run('* * *')}</w:p><w:p><mc:AlternateContent><mc:Choice>{run('Once')}</mc:Choice><mc:Fallback>"
        f"{run('Once')}</mc:Fallback>"
        f"</mc:AlternateContent></w:p><w:tbl><w:tr><w:tc><w:p>{run('cell')}</w:p></w:tc></w:tr></w:tbl>"
        f'<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr>{run("Kapitel 2")}</w:p><w:p>{run("End.")}</w:p>'
    )
    found = read_document(docx(tmp_path / "a.docx", body, f'<w:footnote w:id="2"><w:p>{run("A note.")}</w:p></w:footnote>'))
    assert spoken(found) == ["Kapitel 1", "He was never late. And then", "", "Once", "Kapitel 2", "End."]
    assert left_out(found) == [
        ("contents", "Kapitel 1 ... 3"), ("deleted text", "always"), ("markup", "* * *"), ("tables", "cell"),
        ("notes", "A note."),
    ]  # fmt: skip
    assert [(chapter.title, chapter.block) for chapter in found.chapters] == [("Kapitel 1", 0), ("Kapitel 2", 4)]
    assert (found.title, found.authors) == ("A Title", ("Ada",))
    assert_whole(found)


def test_an_odt_gives_text_and_headings_and_cuts_notes_out_of_the_sentence(tmp_path: Path) -> None:
    body = (
        '<text:h text:outline-level="1">One</text:h><text:p>Late<text:note><text:note-citation>1</text:note-citation>'
        "<text:note-body>"
        '<text:p>A note.</text:p></text:note-body></text:note>, as<text:s text:c="3"/>ever<text:line-break/>and '
        "<text:span>so</text:span>"
        " on.</text:p><table:table><table:table-row><table:table-cell><text:p>cell</text:p></table:table-cell>"
        "</table:table-row>"
        '</table:table><text:h text:outline-level="1">Two</text:h><text:p>End.</text:p>'
    )
    found = read_document(odt(tmp_path / "a.odt", body))
    assert spoken(found) == ["One", "Late, as ever and so on.", "Two", "End."]
    assert left_out(found) == [("notes", "1A note."), ("tables", "cell")]
    assert [chapter.title for chapter in found.chapters] == ["One", "Two"]
    assert_whole(found)


# Web pages, Markdown, plain text


def test_of_a_page_the_article_is_read_and_its_menus_are_not(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text(
        "<!doctype html><html lang=en><head><title>Rabbits</title><style>p{}</style></head><body><nav><a>Home</a>"
        "</nav><header>Site"
        f"</header><article><h1>Rabbits</h1><p>{ALICE[0]}<sup>[1]</sup></p><script>let a = '<p>'</script><p>One &amp; "
        f"two<br>three</p>"
        "</article><div>Buy now</div><footer>(c)</footer></body></html>",
        "utf-8",
    )
    found = read_document(tmp_path / "p.html")
    assert spoken(found) == ["Rabbits", ALICE[0], "One & two three"]
    assert left_out(found) == [
        ("contents", "Home"), ("contents", "Site"), ("notes", "[1]"), ("contents", "Buy now"), ("contents", "(c)"),
    ]  # fmt: skip
    assert (found.title, found.language) == ("Rabbits", "en")
    assert_whole(found)


def test_markdown_loses_its_marks_and_keeps_its_words(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\ntitle: x\n---\n# One *bold* step\n\nSome **strong** words, a [link](http://a.b/c) and "
        "snake_case_name\\*.\nNext line.\n\n"
        "- first\n- second\n\n> quoted\n> on\n\n***\n\n```py\ncode()\n```\n\n| a | b |\n|---|---|\n| 1 | 2 "
        "|\n\nTwo\n===\n\nEnd.\n\n"
        "[ref]: http://x.y\n",
        "utf-8",
    )
    found = read_document(tmp_path / "a.md")
    assert spoken(found) == [
        "One bold step", "Some strong words, a link and snake_case_name*. Next line.", "first", "second", "quoted on", "",
        "Two", "End.",
    ]  # fmt: skip
    assert [chapter.title for chapter in found.chapters] == ["One bold step", "Two"]
    told = dict(left_out(found))
    assert "code()" in told["code"] and "title: x" in told["front matter"] and "| 1 | 2 |" in told["tables"]
    assert any("http://x.y" in text for _, text in left_out(found))
    assert_whole(found)


def test_plain_text_finds_chapters_that_count_up_and_leaves_the_frame_out(tmp_path: Path) -> None:
    text = (
        "Title: Alice\nAuthor: Lewis Carroll\nLanguage: English\n\n*** START OF THE PROJECT GUTENBERG EBOOK ALICE ***\n\n"
        f"CHAPTER I. Down the Rabbit-Hole\n\n{ALICE[0]}\n\n* * *\n\nPart one of it was easy to say.\n\nChapter "
        f"II.\n\n{POOL[0]}\n\n"
        "CHAPTER III\n\nThe end.\n\n*** END OF THE PROJECT GUTENBERG EBOOK ALICE ***\nLicence.\n"
    )
    (tmp_path / "a.txt").write_bytes(text.replace("\n", "\r\n").encode("utf-8"))
    found = read_document(tmp_path / "a.txt")
    assert [chapter.title for chapter in found.chapters] == ["CHAPTER I. Down the Rabbit-Hole", "Chapter II.", "CHAPTER III"]
    assert spoken(found)[1:4] == [ALICE[0], "", "Part one of it was easy to say."]
    assert (found.title, found.authors, found.language) == ("Alice", ("Lewis Carroll",), "en")
    assert {kind for kind, _ in left_out(found)} == {"front matter", "markup"}
    assert_whole(found)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", "Das süße Mädchen sagte: „Schön“ – und ging über die Straße nach Hause, wo es große Bäume und "
        "Äpfel gab. Wie schön!"),
        ("cp1250", "Zażółć gęślą jaźń, powiedział chłopiec, a potem poszedł spać, bo był już bardzo późny wieczór i "
        "księżyc świecił jasno."),
        ("cp1251", "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. Всё "
        "смешалось в доме."),
        ("utf-16", "Alle guten Dinge sind drei, sagte die Fee – und schwieg."),
    ],
)  # fmt: skip
def test_a_text_is_read_in_the_encoding_that_it_is_in(encoding: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(words.encode(encoding))
    assert spoken(read_document(tmp_path / "a.txt")) == [words]


def test_a_long_text_without_headings_is_cut_at_scene_breaks(tmp_path: Path) -> None:
    scene = "\n\n".join(["word " * 100] * 10)
    (tmp_path / "a.txt").write_text("\n\n***\n\n".join([scene] * 9), "utf-8")
    found = read_document(tmp_path / "a.txt")
    assert [(chapter.title, chapter.made_up) for chapter in found.chapters] == [
        ("Part 1", True),
        ("Part 2", True),
        ("Part 3", True),
    ]
    assert all(at == 0 or found.blocks[at - 1].kind == "scene-break" for at in (chapter.block for chapter in found.chapters))


# Scripts and subtitles


def test_subrip_keeps_times_and_finds_who_speaks(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,500\n<i>Where</i> are you?\n\n2\n00:00:02,400 --> 00:00:04,000\n- Here!\n- And there.\n\n"
        "3\n00:01:00,000 --> 00:01:01,000\n[door slams] ANNA: Come in.\n",
        "utf-8",
    )
    found = read_document(tmp_path / "a.srt")
    assert [(block.text, block.speaker, block.start, block.end) for block in found.blocks] == [
        ("Where are you?", "", 1.0, 2.5), ("Here!", "", 2.4, 4.0), ("And there.", "", 2.4, 4.0), ("Come in.", "Anna", 60.0, 61.0),
    ]  # fmt: skip
    assert_whole(found)


def test_webvtt_keeps_voices_and_undoes_entities(tmp_path: Path) -> None:
    (tmp_path / "a.vtt").write_text(
        "WEBVTT\n\nNOTE not this\n\nSTYLE\n::cue {}\n\nid1\n00:01.000 --> 00:02.000 align:start\n<v Ben>Tea &lt;3 <b>"
        "you</b></v>\n\n"
        "01:00:00.500 --> 01:00:01.000\nBye &amp; thanks.\n",
        "utf-8",
    )
    found = read_document(tmp_path / "a.vtt")
    assert [(block.text, block.speaker, block.start) for block in found.blocks] == [
        ("Tea <3 you", "Ben", 1.0),
        ("Bye & thanks.", "", 3600.5),
    ]
    assert_whole(found)


def test_fountain_gives_scenes_and_lines_and_lists_what_is_not_spoken(tmp_path: Path) -> None:
    (tmp_path / "a.fountain").write_text(
        "Title: The Tea\nAuthor: Ada\n\nINT. KITCHEN - DAY\n\nRain. [[check this]]\n\nANNA (V.O.)\n(tired)\nTea is "
        "*late*.\n\nBEN ^\nSo am I.\n\n"
        "CUT TO:\n\nEXT. GARDEN - NIGHT\n\n/* never shot */\n\nSilence.\n",
        "utf-8",
    )
    found = read_document(tmp_path / "a.fountain")
    assert [(block.kind, block.speaker, block.text) for block in found.blocks] == [
        ("heading", "", "INT. KITCHEN - DAY"), ("paragraph", "", "Rain."), ("line", "Anna", "Tea is late."),
        ("line", "Ben", "So am I."),
        ("heading", "", "EXT. GARDEN - NIGHT"), ("paragraph", "", "Silence."),
    ]  # fmt: skip
    assert (found.title, found.authors, len(found.chapters)) == ("The Tea", ("Ada",), 2)
    assert ("directions", "tired") in left_out(found) and ("notes", "never shot") in left_out(found)
    assert_whole(found)


def test_a_table_of_lines_has_speakers_and_chapters(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        'chapter;speaker;text;note\nOne;Anna;"Hello; you";loud\nOne;;She waited.;\nTwo;Ben;Bye.;\n', "utf-8"
    )
    found = read_document(tmp_path / "a.csv")
    assert [(block.kind, block.speaker, block.text) for block in found.blocks] == [
        ("heading", "", "One"), ("line", "Anna", "Hello; you"), ("line", "", "She waited."), ("heading", "", "Two"),
        ("line", "Ben", "Bye."),
    ]  # fmt: skip
    assert_whole(found)


# PDF


def set_in_lines(words: str, columns: int) -> list[str]:
    """Set like a book: words broken with a hyphen where they do not fit."""
    lines, line = [], ""
    for word in words.split():
        room = columns - len(line) - bool(line)
        if len(word) <= room:
            line = f"{line} {word}".strip()
        elif room >= 3 and word.isalpha() and len(word) >= 6:
            lines.append(f"{line} {word[: room - 1]}-".strip())
            line = word[room - 1 :]
        else:
            lines.append(line)
            line = word
    return [*lines, line]


PAGES = 5
NUMBERS = ("one", "two", "three", "four", "five")


def novel(path: Path) -> list[str]:
    """Five pages with running heads that change with the chapter, numbers at the foot, notes, indents, broken words."""
    plain = [paragraph.replace("daisy-chain", "daisychain") for paragraph in (*ALICE, *POOL)]
    paragraphs, pages = [], []
    for number in range(1, PAGES + 1):
        own = [f"{plain[(number + at) % len(plain)]} Thus ended number {NUMBERS[number - 1]}." for at in range(3)]
        lines = [
            (150.0, 40.0, 9.0, "ALICE IN WONDERLAND" if number < 4 else "THE POOL OF TEARS"),
            (205.0, 560.0, 9.0, str(number + 6)),
        ]
        top = 80.0
        if number in (1, 4):
            lines.append((120.0, top, 16.0, f"Chapter {'I' if number == 1 else 'II'}"))
            paragraphs.append(f"Chapter {'I' if number == 1 else 'II'}")
            top += 40
        for paragraph in own:
            paragraphs.append(paragraph)
            for at, line in enumerate(set_in_lines(paragraph, 46)):
                lines.append((62.0 if at == 0 else 50.0, top, 11.0, line))
                top += 13
        if number == 2:
            lines.append((50.0, 530.0, 8.0, "1 A note at the foot, set smaller."))
        pages.append(sorted(lines, key=lambda line: line[1]))
    pdf(path, pages)
    return paragraphs


def test_a_pdf_becomes_paragraphs_again_without_heads_numbers_notes_and_hyphens(tmp_path: Path) -> None:
    paragraphs = novel(tmp_path / "n.pdf")
    found = read_document(tmp_path / "n.pdf")
    assert spoken(found) == paragraphs
    assert [chapter.title for chapter in found.chapters] == ["Chapter I", "Chapter II"]
    kinds = [kind for kind, _ in left_out(found)]
    assert (kinds.count("running heads"), kinds.count("page numbers"), kinds.count("notes")) == (PAGES, PAGES, 1)
    assert kinds.count("hyphens") >= 3
    assert_whole(found)
    other = "".join(page.extract_text() for page in PdfReader(tmp_path / "n.pdf").pages)
    assert sorted(bare(other)) == sorted(bare("".join(text for text, _ in found.trace)))
