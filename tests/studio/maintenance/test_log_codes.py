"""Errors in the log: in English whoever made the request, with their code."""

from __future__ import annotations

import logging
from pathlib import Path

from studio.errors import NotFound
from studio.logs import FILE_NAME, open_log
from tests.media.messages.pseudo import speaking_pseudo


def test_an_error_stands_in_the_log_in_english_with_its_code(tmp_path: Path) -> None:
    log = logging.getLogger("tests.log_codes")
    close = open_log(tmp_path)
    try:
        error = NotFound("engine.unknown", engine="hibare", near=["hibari"], known=["hibari"])
        with speaking_pseudo():
            log.warning("It was told: %s", error)
            log.warning("Job 7 failed [%s]: %s", error.code, error)
            try:
                raise error
            except NotFound:
                log.exception("It was raised.")
    finally:
        close()
    told, marked, raised, *_ = (tmp_path / FILE_NAME).read_text("utf-8").splitlines()
    said = 'There is no engine "hibare". Did you mean hibari?'
    assert told.endswith(f"It was told: {said} [engine.unknown]")
    assert marked.endswith(f"Job 7 failed [engine.unknown]: {said}")
    assert raised.endswith("It was raised. [engine.unknown]")
