"""Which test files take the most processor time, their workers, servers and browsers included:

    ./launch.sh test -p tests.tools.processor_time tests/media

Seconds on the clock say how busy the machine was; these say what to make smaller. What the tests of several files share (a
studio, a browser) is counted for the file that needs it first; run in one process, without -n.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil
import pytest

SHOWN = 25
_spent: dict[str, tuple[float, float, int]] = {}
_begun: dict[str, float] = {}


def _processor_seconds() -> float:
    """Of this process and all below it, those that have ended included."""
    here, total = psutil.Process(), 0.0
    for process in (here, *here.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _file(item: pytest.Item) -> str:
    return item.nodeid.split("::")[0]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    if not _begun:
        _begun.update(processor=_processor_seconds(), clock=time.monotonic(), tests=0)
    result = yield
    _begun["tests"] += 1
    if nextitem is None or _file(nextitem) != _file(item):
        processor, clock, tests = _spent.get(_file(item), (0.0, 0.0, 0))
        _spent[_file(item)] = (
            processor + _processor_seconds() - _begun["processor"],
            clock + time.monotonic() - _begun["clock"],
            tests + int(_begun["tests"]),
        )
        _begun.clear()
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("processor seconds, seconds on the clock, tests, by file")
    ranked = sorted(_spent.items(), key=lambda one: -one[1][0])
    for file, (processor, clock, tests) in ranked[:SHOWN]:
        terminalreporter.line(f"{processor:8.1f} {clock:8.1f} {tests:5d}  {file}")
    terminalreporter.line(f"{sum(one[0] for one in _spent.values()):8.1f} in all")
