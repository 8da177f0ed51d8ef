"""Which process runs which test, when several share the work."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

_BEHIND_A_DOOR = "the studio behind its door"
_TOGETHER = {
    "tests/journeys/system/test_models_page.py": "the studio with further engines",
    "tests/journeys/across_tabs/test_behind_a_proxy.py": _BEHIND_A_DOOR,
    "tests/attacks/test_scripts_in_texts.py": _BEHIND_A_DOOR,
}
"""Journeys with a studio of their own, which is not started twice."""


class SharedOut(LoadFileScheduling):  # type: ignore[misc]
    """Tests of one file go to one process, since they share what the file prepares; journeys share only the studio that each
    process has anyway, so each goes where there is room, and the last ones end together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in _TOGETHER:
            return _TOGETHER[file]
        return nodeid if file.startswith("tests/journeys/") else file
