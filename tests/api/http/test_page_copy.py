"""Pages that are no pages of Gradio's pass as they are, and a packed one holds nothing that ends a script. That the page's
script turns it back is seen in a browser (tests/journeys/voiceover/test_quick_page.py)."""

from __future__ import annotations

import json
import re

from api.http.page_copy import packed, packed_page

SCRIPT = b"<head><script>window.gradio_config = %s;</script><p>after</p>"


def test_what_has_no_configuration_passes_as_it_is() -> None:
    for page in (b"<html>Sign in</html>", SCRIPT % b"{broken", SCRIPT % b'{"components":[{"$":1}]}'):
        assert packed_page(page) == page


def test_a_packed_page_is_whole_html_and_says_everything_once() -> None:
    line = "a choice with <b>tags</b>, 'quotes' & more"
    config = {
        "components": [{"id": n, "type": "dropdown", "props": {"choices": [line, str(n)], "value": None}} for n in range(50)],
        "dependencies": [{"id": n, "inputs": list(range(20)), "js": None} for n in range(50)],
        "title": line,
    }
    escaped = json.dumps(config).replace("<", "\\u003c")
    made = packed_page(SCRIPT % escaped.encode()).decode()
    found = re.fullmatch(r"<head><script>window\.gradio_config = greenroomWhole\((.*)\);</script><p>after</p>", made)
    assert found and not set("<>&'") & set(found[1])
    assert json.loads(found[1]) == packed(config)
    assert found[1].count("a choice with") == 1 and len(found[1]) < len(escaped) / 3
