"""Errors are raised as codes: no sentence as a literal, no code without words, no words without a code."""

from __future__ import annotations

from media.messages import catalogue
from media.messages.languages import SOURCE_LANGUAGE
from media.messages.pattern import Field, fields_of, parsed
from tests.repository.error_codes import codes_in_source, error_classes, raised, sites
from tests.repository.sentences import literal_sentences
from tests.tools import error_reference


def fields(code: str) -> set[str]:
    entry = catalogue.entry(code, SOURCE_LANGUAGE)
    assert entry is not None
    return {field.name for pattern in (entry.reason, entry.hint) for field in fields_of(parsed(pattern))}


def test_the_reader_of_the_source_sees_them() -> None:
    assert {"GreenroomError", "MediaError", "WorkerStalled", "ComfyUIMissing", "WrongParameter"} <= set(error_classes())
    assert len(sites()) > 500


def test_no_sentence_is_raised_as_a_literal() -> None:
    literal = [f"{site.where}: {code}" for site in sites() for code in site.codes if not catalogue.is_code(code)]
    assert not literal, "\n".join(literal)


TOLD_IN_ENGLISH = (
    "capabilities/conversation/session/persona.py",  # to a language model
    "studio/doctor/",  # a report in English alone
    "studio/language/json_answers.py",  # to a language model
)


def test_no_sentence_is_handed_on_as_a_literal() -> None:
    literal = [each for each in literal_sentences() if not each.startswith(TOLD_IN_ENGLISH)]
    assert not literal, "\n".join(literal)


def test_every_code_has_words() -> None:
    wordless = [
        f"{site.where}: {code}"
        for site in sites()
        for code in site.codes
        if catalogue.is_code(code) and catalogue.entry(code, SOURCE_LANGUAGE) is None
    ]
    assert not wordless, "\n".join(wordless)


def test_every_entry_is_raised() -> None:
    orphans = sorted(set(catalogue.codes()) - set(codes_in_source()))
    assert not orphans, "\n".join(orphans)


def test_parameters_are_the_fields_of_the_words() -> None:
    wrong = []
    for site in sites():
        given = site.parameters
        for code in site.codes:
            if given is None or not catalogue.is_code(code) or catalogue.entry(code, SOURCE_LANGUAGE) is None:
                continue
            wanted = fields(code) - ({"reason"} if site.maker == "within" else set())
            if site.maker == "UnexpectedAnswer":
                wanted -= {"status"}
            if given != wanted:
                wrong.append(f"{site.where}: {code} is given {sorted(given)} and needs {sorted(wanted)}")
    assert not wrong, "\n".join(wrong)


def test_a_code_stands_in_one_catalogue() -> None:
    for code in catalogue.codes():
        area = code.partition(".")[0]
        assert len(list(catalogue.files_of(area, SOURCE_LANGUAGE))) == 1, f"{area} lies in two layers"


def test_words_are_plain_sentences() -> None:
    for code in catalogue.codes():
        entry = catalogue.entry(code, SOURCE_LANGUAGE)
        assert entry is not None and catalogue.is_code(code)
        for words in (entry.reason, entry.hint):
            parsed(words)
            assert "<" not in words and "&" not in words, f"{code}: these words are put into HTML"


def test_what_is_put_in_as_a_whole_is_explained_in_the_reference() -> None:
    for code in catalogue.codes():
        entry = catalogue.entry(code, SOURCE_LANGUAGE)
        assert entry is not None
        alone = all(isinstance(part, Field) and not part.choices for part in parsed(entry.reason))
        assert entry.when or not alone or code not in raised(), f"{code} needs a line that says when it arises"


def test_the_reference_is_current() -> None:
    assert error_reference.PAGE.read_text("utf-8") == error_reference.page(), "run python -m tests.tools.error_reference"
