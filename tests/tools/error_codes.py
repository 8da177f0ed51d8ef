"""Writes api/error_codes.toml: the codes with which every public call and every kind of job can end, read out of the source.

.venv/bin/python -m tests.tools.error_codes
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator

from api.error_codes import TABLE, table_read_anew
from tests.repository.error_flow.reach import error_codes, of_calls, of_every_call, of_jobs

HEAD = """# The codes with which a call or a kind of job can end, by area; "*" stands for every code of an area.
# Written by `python -m tests.tools.error_codes` out of the source: what a call reaches, and what is raised there.
"""


def table() -> str:
    """The whole file."""
    every = of_every_call()
    jobs = {f"jobs.{kind}": (f"jobs.{kind}", "", codes) for kind, codes in of_jobs().items()}
    calls = {f"calls.{name}": (f"calls.{name}", job, codes - every) for name, (job, codes) in of_calls().items()}
    parts = [("every", "", every), *calls.values(), *jobs.values()]
    return HEAD + "".join(line for name, job, codes in parts for line in _part(name, job, codes))


def _part(name: str, job: str, codes: Iterable[str]) -> Iterator[str]:
    yield f"\n[{name}]\n"
    if job:
        yield f'waits_for = "{job}"\n'
    mine, whole = _by_area(codes), _by_area(error_codes())
    for area, names in sorted(mine.items()):
        listed = json.dumps("*" if names == whole[area] else sorted(names))
        yield f"{area} = {listed}\n"


def _by_area(codes: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for code in codes:
        area, _, what = code.partition(".")
        found[area].add(what)
    return found


def write() -> None:
    TABLE.write_text(table(), "utf-8")
    table_read_anew()


if __name__ == "__main__":
    write()
