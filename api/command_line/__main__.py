"""`./launch.sh call NAME [key=value …]`: a public call of the running studio from the terminal.

Answers go to stdout, progress and errors to stderr. Exit codes: 0 done; 1 the call was refused, or its job failed; 2 the
command line is wrong; 3 no studio answers; 4 the studio requires its token; 130 interrupted, and the job continues.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from api.command_line.client import NoStudio, Refused, StudioClient, found
from api.command_line.values import UsageError, arguments_of
from api.command_line.words import USAGE, answer_lines, help_of, listed, progress_line
from api.operations.operation import Operation
from api.operations.registry import OPERATIONS
from media.refusals import refusal
from studio.errors import GreenroomError
from studio.settings import load_settings

DONE, REFUSED, USAGE_WRONG, NOBODY, NO_TOKEN, STOPPED = 0, 1, 2, 3, 4, 130


def main(words: Sequence[str] | None = None) -> int:
    given, rest = _parser().parse_known_intermixed_args(words)
    typed: list[str] = [*given.words, *rest]
    name, *values = typed
    if name in ("", "--help", "-h"):
        sys.stdout.write(listed())
        return DONE
    progress = _TerminalProgress()
    try:
        operation = _operation(name)
        if given.help or "--help" in values:
            sys.stdout.write(help_of(operation))
            return DONE
        settings = load_settings(**({} if given.data is None else {"data": {"folder": given.data.expanduser().absolute()}}))
        with found(settings, given.url, given.token) as studio:
            answer = studio.call(operation, arguments_of(operation, values, studio.upload), progress.show)
            progress.end()
            if given.output is not None:
                answer = _with_files(answer, studio, given.output.expanduser())
        _show(answer, operation, as_json=given.json)
        return DONE
    except Refused as error:
        return _failed(
            progress, str(error), NO_TOKEN if error.status in (401, 429) else REFUSED, error.problem if given.json else None
        )
    except (UsageError, GreenroomError) as error:
        return _failed(progress, str(error), USAGE_WRONG)
    except NoStudio as error:
        return _failed(progress, str(error), NOBODY)
    except OSError as error:
        return _failed(progress, f"A result could not be saved: {refusal(error) or error}.", REFUSED)
    except KeyboardInterrupt:
        return _failed(progress, "Stopped. A job that was begun goes on; ./launch.sh call jobs lists it.", STOPPED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./launch.sh call", usage=USAGE, add_help=False)
    parser.add_argument("words", nargs="*", default=[""])
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--url", default="")
    parser.add_argument("--token", default="")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--output", type=Path)
    return parser


def _operation(name: str) -> Operation:
    operation = OPERATIONS.get(name)
    if operation is None:
        near = get_close_matches(name, OPERATIONS, n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(f'There is no call "{name[:60]}".{guess} ./launch.sh call lists them.')
    return operation


def _with_files(answer: Any, studio: StudioClient, folder: Path) -> Any:
    """Download the files of an answer; each file then has the path where it was saved."""
    if isinstance(answer, list):
        return [_with_files(one, studio, folder) for one in answer]
    if not isinstance(answer, dict):
        return answer
    if {"url", "name", "media_type"} <= answer.keys():
        return {**answer, "saved": str(studio.fetch(answer["url"], folder, answer["name"]))}
    return {key: value if key == "job" else _with_files(value, studio, folder) for key, value in answer.items()}


def _show(answer: Any, operation: Operation, *, as_json: bool) -> None:
    lines = [json.dumps(answer, ensure_ascii=False)] if as_json else answer_lines(answer, operation)
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _failed(progress: _TerminalProgress, words: str, code: int, problem: Mapping[str, Any] | None = None) -> int:
    progress.end()
    if problem is not None:
        sys.stdout.write(f"{json.dumps(problem, ensure_ascii=False)}\n")
    sys.stderr.write(f"Greenroom: {words}\n")
    return code


class _TerminalProgress:
    """Shows the progress of a job on one line of a terminal. Without a terminal it prints a line for each change."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, job: Mapping[str, Any]) -> None:
        line = progress_line(job)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{line}")
            sys.stderr.flush()
        elif line != self._last:
            sys.stderr.write(f"{line}\n")
        self._last = line

    def end(self) -> None:
        if self._last and sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
        self._last = ""


if __name__ == "__main__":
    raise SystemExit(main())
