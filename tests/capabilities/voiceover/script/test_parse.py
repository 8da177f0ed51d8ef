from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capabilities.voiceover.script.parse import Heading, Line, ParagraphBreak, Pause, parse
from studio.errors import InvalidInput


def kinds(script: str, cast: tuple[str, ...] = ()) -> list[object]:
    return [
        (item.speaker, " ".join(item.text.split())) if isinstance(item, Line)
        else item.seconds if isinstance(item, Pause)
        else f"# {item.title}" if isinstance(item, Heading)
        else "/"
        for item in parse(script, cast).items
    ]  # fmt: skip


def test_paragraphs_chapters_and_pauses() -> None:
    script = "# Down the Hole\n\nFirst line\nwrapped. [pause 1.5s] After.\n\n\n\nSecond.\n[pause 500ms]\nThird. [pause]\n"
    assert kinds(script) == [
        "# Down the Hole", "/", ("", "First line wrapped."), 1.5, ("", "After."), "/",
        ("", "Second."), 0.5, ("", "Third."), 1.0,
    ]  # fmt: skip


def test_a_speaker_talks_until_the_paragraph_ends() -> None:
    script = "Anna: Hello.\nHow are you?\nBen: Fine.\n\nThey left.\n\nAnna: Bye.\nBen: Bye."
    assert kinds(script) == [
        ("Anna", "Hello. How are you?"), ("Ben", "Fine."), "/", ("", "They left."), "/", ("Anna", "Bye."), ("Ben", "Bye."),
    ]  # fmt: skip
    assert parse(script).speakers == ("Anna", "Ben")


@pytest.mark.parametrize(
    "text",
    [
        "Note: mind the gap.\n\nNote: again.",
        "http://example.org",
        "10:30 is late",
        "She said: go.\n\nShe said: stay.",
        "Anna:now",
        "Once: only",
    ],
)
def test_what_only_looks_like_a_label_is_text(text: str) -> None:
    assert all(item.speaker == "" for item in parse(text).lines)


def test_the_cast_makes_a_speaker_of_a_single_label_whatever_its_case() -> None:
    assert kinds("ANNA: hi", ("Anna",)) == [("Anna", "hi")]
    assert kinds("the old man: hi", ("the old man",)) == [("the old man", "hi")]
    assert kinds("安娜：你好", ("安娜",)) == [("安娜", "你好")]
    assert parse("Anna: hi").possible_speakers == ("Anna",)


def test_settings_and_style_in_parentheses() -> None:
    line = parse("Anna (speed=1.2, voice=espeak/gmw/en, whispering): Hm.").lines[0]
    assert (line.speaker, line.settings, line.style, line.text) == (
        "Anna", (("speed", "1.2"), ("voice", "espeak/gmw/en")), "whispering", "Hm.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("", "empty"), (" \n\ufeff\n***", "empty"), ("One.\n[pause long]", "Line 2"), ("a\n\n\n[pause 9999s]", "Line 4"),
        ("#\n\ntext", "Line 1"), ("Anna (speed=): hm", "Line 1"), ("Anna (a=1, a=2): hm", "Line 1"), ("[pause 1s]", "no text"),
    ],
)  # fmt: skip
def test_errors_name_the_line(script: str, says: str) -> None:
    with pytest.raises(InvalidInput) as error:
        parse(script)
    assert says in error.value.reason
    assert error.value.hint


DIALOGUES = {
    "one line only": ("Anna: One.\nBob: Two.\nAnna: Three.", "Anna", "Bob"),
    "in capitals": ("ANNA: One.\nBOB: Two.\nANNA: Three.", "ANNA", "BOB"),
    "numbered": ("Speaker 1: Hello.\nSpeaker 2: Hi.\nSpeaker 1: So.\nSpeaker 2: Yes.", "Speaker 1", "Speaker 2"),
    "once each": ("Host: Welcome.\nGuest: Thank you.", "Host", "Guest"),
    "bold": ("**Anna:** Hi.\n**Bob**: Ho.\n**Anna:** Hm.", "Anna", "Bob"),
    "in brackets": ("[Anna] Hi.\n[Bob] Ho.\n[Anna] Hm.", "Anna", "Bob"),
    "with an aside": ("Anna [off]: Hi.\nBob: Ho.\nAnna [off]: Hm.", "Anna", "Bob"),
    "lower case": ("anna: hi\nbob: ho\nanna: hm\nbob: hm", "anna", "bob"),
    "with a title": ("Dr. Smith: Come in.\nMrs. Hale: Thank you.\nDr. Smith: Sit down.", "Dr. Smith", "Mrs. Hale"),
    "in a list": ("- Anna: Hi.\n- Bob: Ho.\n- Anna: Hm.", "Anna", "Bob"),
    "unknown names": ("Zorblax: The ship is here.\nQuex: I see you.\nZorblax: Do you?\nQuex: Yes.", "Zorblax", "Quex"),
    "French": ("Jean-Luc : Bonjour.\nZoé : Salut.\nJean-Luc : Ça va ?", "Jean-Luc", "Zoé"),
    "Chinese": ("李雷：你好。\n韩梅梅：再见。\n李雷：好。", "李雷", "韩梅梅"),
    "Japanese": ("太郎：おはよう。\n花子：おはよう。\n太郎：行こう。", "太郎", "花子"),
    "Korean": ("민수: 안녕.\n지영: 안녕.\n민수: 가자.", "민수", "지영"),
    "Arabic": ("أحمد: مرحبا\nسارة: أهلا\nأحمد: كيف الحال\nسارة: بخير", "أحمد", "سارة"),
    "Hebrew": ("דוד: שלום\nרות: שלום\nדוד: מה\nרות: כן", "דוד", "רות"),
    "Hindi": ("राम: नमस्ते\nसीता: हाँ\nराम: ठीक\nसीता: जी", "राम", "सीता"),
    "Thai": ("สมชาย: สวัสดี\nสมหญิง: ค่ะ\nสมชาย: ดี\nสมหญิง: ค่ะ", "สมชาย", "สมหญิง"),
    "Russian": ("Иван: Привет.\nМария: Да.\nИван: Пойдём.", "Иван", "Мария"),
}


@pytest.mark.parametrize("how", DIALOGUES)
def test_speakers_in_every_way_people_write_them(how: str) -> None:
    script, *names = DIALOGUES[how]
    parsed = parse(script)
    assert parsed.speakers == tuple(names)
    assert [line.speaker for line in parsed.lines] == [names[number % 2] for number in range(len(parsed.lines))]
    assert not any(mark in line.text for line in parsed.lines for mark in (*":：[]*", *names))


@pytest.mark.parametrize(
    "text",
    [
        "Ingredients: flour.\nMethod: mix.\nIngredients: eggs.\nMethod: bake.", "Dear Sir: I write.\n\nDear Sir: I write again.",
        "Conclusion: it works.\nResult: good.\nConclusion: it does.\nResult: better.", "Website: a.example\nWebsite: b.example",
        "Prep time: ten.\nServings: four.\nPrep time: five.\nServings: two.", "Step 1: mix.\nStep 2: bake.\nStep 1: mix.",
        "Zutaten: Mehl.\nZubereitung: rühren.\nZutaten: Eier.\nZubereitung: backen.",
        "材料：面粉。\n做法：搅拌。\n材料：鸡蛋。\n做法：烤。",
        "[laughs] Hello.\n\n[laughs] Again.", "Phone: 1.\nEmail: 2.\nPhone: 3.\nEmail: 4.",
        "Oven: hot.\nTin: round.\nOven: cold.\nTin: flat.",
    ],
)  # fmt: skip
def test_recipes_letters_and_notes_stay_text_word_for_word(text: str) -> None:
    parsed = parse(text)
    assert (parsed.speakers, "".join("".join(line.text.split()) for line in parsed.lines)) == ((), "".join(text.split()))


def test_a_label_that_nobody_decided_about_is_not_read_in_the_voice_of_who_spoke_before() -> None:
    parsed = parse("Anna (speed=1.1): One.\nQuex: the door.\nAnna: Three.")
    assert [(line.speaker, line.text) for line in parsed.lines] == [("Anna", "One."), ("", "Quex: the door."), ("Anna", "Three.")]
    assert parsed.possible_speakers == ("Quex",)


def test_what_a_person_says_about_a_label_counts() -> None:
    script = "Anna: One.\nBob: Two.\nAnna: Three."
    assert parse(script, (), ("bob",)).speakers == ("Anna",)
    assert "Bob: Two." in parse(script, (), ("bob",)).lines[0].text
    assert parse("Ingredients: flour.", ("ingredients",)).speakers == ("ingredients",)


def test_forty_speakers_are_all_found() -> None:
    script = "\n".join(f"Speaker {number}: Line {number}." for number in range(1, 41))
    assert len(parse(script).speakers) == 40


@pytest.mark.parametrize("marks", ["***", "* * *", "---", "- - -", "___", "# # #", "~~~", "⁂", " •  •  • "])
def test_a_line_of_marks_is_a_scene_break_and_is_never_read(marks: str) -> None:
    assert [type(item).__name__ for item in parse(f"One.\n{marks}\n\nTwo.\n\n{marks}\n").items] == ["Line", "SceneBreak", "Line"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_tabs_and_a_byte_order_mark(newline: str) -> None:
    script = "\ufeff# One\n\n\tAnna:\u00a0Hi.\n \t \nAnna: Bye.".replace("\n", newline)
    assert kinds(script) == ["# One", "/", ("Anna", "Hi."), "/", ("Anna", "Bye.")]
    for item in parse(script).items:
        if isinstance(item, Line):
            assert script[item.span.start : item.span.end] == item.text
            assert script[: item.span.start].count(newline) == item.span.line - 1


@given(st.text(alphabet="Anna: Ben(x=1)[pause 2s]#\r\n\t .a", max_size=120))
def test_spans_rise_and_point_at_the_text(script: str) -> None:
    try:
        parsed = parse(script, ["Anna"])
    except InvalidInput:
        return
    at = 0
    for item in parsed.items:
        if isinstance(item, ParagraphBreak):
            continue
        assert at <= item.span.start < item.span.end <= len(script)
        at = item.span.end
        if isinstance(item, Line):
            assert script[item.span.start : item.span.end] == item.text


def test_one_hour_is_read_at_once() -> None:
    script = "# One\n\n" + "\n\n".join(f"Anna: The tide goes out, number {i}." for i in range(2_000))
    assert len(parse(script).lines) == 2_000
