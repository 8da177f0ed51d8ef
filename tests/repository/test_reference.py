"""docs/reference/ is what the studio is made from says; every call and every setting has words."""

from __future__ import annotations

import pytest

from api.operations.registry import OPERATIONS
from tests.tools import error_codes, licences
from tests.tools.reference import FOLDER, PAGES, settings_page


@pytest.mark.parametrize("name", ["operations.md", "settings.md"])
def test_the_page_is_as_it_is_made_now(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), "run .venv/bin/python -m tests.tools.reference"


def test_calls_and_jobs_declare_the_errors_that_they_can_end_with() -> None:
    """What a call reaches in the source, and what is raised there: no code too few, and none too many."""
    assert error_codes.TABLE.read_text("utf-8") == error_codes.table(), "run .venv/bin/python -m tests.tools.reference"


def test_every_call_has_an_example_with_what_it_needs() -> None:
    for operation in OPERATIONS.values():
        needed = {name for name, field in operation.input.model_fields.items() if field.is_required()}
        assert needed <= operation.example.keys() <= operation.input.model_fields.keys(), operation.name


def test_every_setting_says_why() -> None:
    rows = [line for line in settings_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 60 and not [row for row in rows if row.endswith("|  |")]


def test_every_package_model_and_engine_has_its_licence_in_the_page() -> None:
    assert licences.PAGE.read_text("utf-8") == licences.page(), "run .venv/bin/python -m tests.tools.licences"


def test_a_package_without_a_licence_is_no_row() -> None:
    with pytest.raises(LookupError, match="no-such-package"):
        licences.licence_of("no-such-package")
