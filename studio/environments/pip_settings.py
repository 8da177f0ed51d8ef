"""pip with the user's package sources and nothing else of their configuration.

python -P studio/environments/pip_settings.py install …

A pip.conf, or a PIP_… variable, may say where packages come from (mirrors, proxies, certificates, folders of wheels): that must
work here too. Other settings break an installation: `user`, `target`, `prefix` and `root` put packages elsewhere,
`require-virtualenv` and `python` refuse or choose another Python, `constraint`, `no-binary`, `only-binary`, `no-deps`, `pre` and
`require-hashes` change or refuse what was locked, `quiet`, `format` and `progress-bar` take away what the studio reads. So only
settings of sources, of the way there, and of the cache are taken over, and no file is read besides.

Needs the standard library alone: launch.sh runs it before anything is installed.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

TAKEN_OVER = frozenset({
    "index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "keyring-provider",
    "proxy", "cert", "client-cert", "use-feature", "timeout", "default-timeout", "retries", "resume-retries",
    "cache-dir", "no-cache-dir",
})  # fmt: skip
"""Settings by pip's names."""

COMMANDS = ("global", "install")
"""Sections that count for an installation; a later one wins, and variables win over both."""

_TO_READ = {
    "PIP_USER": "0", "PIP_GLOBAL": "0", "PIP_SITE": "0", "PIP_PYTHON": sys.executable, "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_QUIET": "0", "PIP_VERBOSE": "0", "PIP_NO_INPUT": "1", "PIP_NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "LC_ALL": "C.UTF-8",
}  # fmt: skip
"""What the configuration may say that keeps pip from telling all of it."""


class UnreadableError(Exception):
    """The user's pip configuration cannot be read; the text is pip's output."""


def without_configuration(variables: Mapping[str, str]) -> dict[str, str]:
    """Return `variables` with the user's sources as PIP_… variables, and no other setting of pip.

    Raises:
        UnreadableError: pip cannot read its own configuration.
    """
    kept = {name: value for name, value in variables.items() if not name.startswith("PIP_")}
    return kept | sources_of(variables) | {"PIP_CONFIG_FILE": os.devnull}


def sources_of(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the accepted settings from files and `variables` as PIP_… variables."""
    asked = subprocess.run(
        [sys.executable, "-P", "-m", "pip", "config", "list"],
        env={**variables, **_TO_READ}, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if asked.returncode != 0:
        raise UnreadableError((asked.stderr.strip() or asked.stdout.strip()).rpartition("\n")[2])
    return read_settings(asked.stdout.splitlines())


def read_settings(lines: Sequence[str]) -> dict[str, str]:
    """Return the output of "pip config list" ("global.index-url='https://…'") as variables; later sections win."""
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        name, equals, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if equals and key in TAKEN_OVER and (given := str(ast.literal_eval(value))):  # pip ignores empty ones
            found.setdefault(section, {})[key] = given
    merged: dict[str, str] = {}
    for section in (*COMMANDS, ":env:"):
        merged |= found.get(section, {})
    return {f"PIP_{key.upper().replace('-', '_')}": value for key, value in merged.items()}


def main(arguments: Sequence[str]) -> None:
    """Become pip."""
    try:
        environment = without_configuration(os.environ)
    except UnreadableError as error:
        sys.exit(f"pip's own configuration cannot be read: {error}")
    os.execve(sys.executable, [sys.executable, "-P", "-m", "pip", *arguments], environment)


if __name__ == "__main__":
    main(sys.argv[1:])
