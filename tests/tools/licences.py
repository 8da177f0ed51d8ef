"""Makes docs/reference/licences.md: the licence of every package, model and engine.

Out of requirements.lock with the installed packages' metadata, assets/models.yaml, and the engines' cards.

.venv/bin/python -m tests.tools.licences
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata

import yaml
from packaging.requirements import Requirement

from engines.catalog import Catalog
from engines.contract import Licence
from tests.repository.sources import ROOT

PAGE = ROOT / "docs" / "reference" / "licences.md"
LOCK = ROOT / "requirements.lock"

HEAD = """# Licences

What Greenroom is made of, and under which licence. Greenroom itself is Apache-2.0; what ships in `assets/` stands in
[NOTICE](../../NOTICE) with its texts. This page is made by `python -m tests.tools.licences`; a release also has a bill of
materials (CycloneDX). What a licence says about a *result* is on the engine's card, in each result's recipe, and in
[the guide](../guides/provenance.md).
"""

UNSTATED: Mapping[str, str] = {
    "ai-edge-litert": "Apache-2.0",
    "audioop-lts": "PSF-2.0",
    "av": "BSD-3-Clause; its wheels hold FFmpeg with x264 and x265 (GPL-2.0-or-later)",
    "espeakng-loader": "MIT; its wheels hold eSpeak NG (GPL-3.0-or-later)",
    "pi-heif": "BSD-3-Clause; its wheels hold libheif (LGPL-3.0-or-later)",
    "soundfile": "BSD-3-Clause; its wheels hold libsndfile (LGPL-2.1-or-later)",
    "scipy": "BSD-3-Clause",
}
"""Where a package's own metadata say nothing, or not what its wheels hold besides."""

LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
PYTHONS = ("3.11", "3.12", "3.13")
_PIN = re.compile(r"^(?P<pin>[A-Za-z0-9][\w.-]*==[^\s;\\]+)(?P<marker>\s*;[^\\]*)?")


def packages() -> Iterator[tuple[str, str]]:
    """Name and version of each package of the lock that Linux takes, on any of the supported Pythons."""
    for line in LOCK.read_text("utf-8").splitlines():
        if not (found := _PIN.match(line)):
            continue
        wanted = Requirement(found["pin"] + (found["marker"] or ""))
        pythons = [{**LINUX, "python_version": one, "python_full_version": f"{one}.0"} for one in PYTHONS]
        if wanted.marker is None or any(wanted.marker.evaluate(one) for one in pythons):
            yield wanted.name, str(wanted.specifier).removeprefix("==")


def licence_of(name: str) -> str:
    """The licence of an installed package, from its metadata.

    Raises:
        LookupError: it states none, and `UNSTATED` has none either.
    """
    if name in UNSTATED:
        return UNSTATED[name]
    try:
        told = metadata(name)
    except PackageNotFoundError:  # another Python's; what was read there stands in the page
        if row := re.search(rf"^\| {re.escape(name)} \| [^|]+ \| ([^|]+) \|$", PAGE.read_text("utf-8"), re.MULTILINE):
            return row[1]
        raise LookupError(f"{name} is not installed here; add its licence to UNSTATED") from None
    if stated := _stated(told):
        return stated
    raise LookupError(f"{name} states no licence; add it to UNSTATED")


def _stated(told: PackageMetadata) -> str:
    for key in ("License-Expression", "License"):
        if key in told and (text := told[key].strip()) and len(text) < 60:
            return text
    kinds = [one.rpartition("::")[2].strip() for one in told.get_all("Classifier") or () if one.startswith("License ::")]
    return ", ".join(kinds)


def page() -> str:
    """docs/reference/licences.md"""
    return "".join([HEAD, *_packages(), *_models(), *_engines()])


def _packages() -> Iterator[str]:
    yield "\n## Packages of the studio\n\nInstalled from `requirements.lock` into `.venv`.\n\n"
    yield "| package | version | licence |\n| --- | --- | --- |\n"
    for name, version in packages():
        yield f"| {name} | {version} | {licence_of(name)} |\n"


def _models() -> Iterator[str]:
    yield "\n## Models that are fetched by their hash\n\n| model | from | licence |\n| --- | --- | --- |\n"
    for model in yaml.safe_load((ROOT / "assets" / "models.yaml").read_text("utf-8")).values():
        yield f"| {model['title']} | {model['repo']} | {model['licence']} |\n"


def _engines() -> Iterator[str]:
    yield (
        "\n## Engines\n\n“Commercial use” is what may be done with results; an engine whose code or weights forbid it "
        "says *no* here, on its card and in every result.\n\n| engine | code | weights | commercial use |\n"
        "| --- | --- | --- | --- |\n"
    )
    for card in sorted((one.card for one in Catalog(()).all()), key=lambda card: card.title.lower()):
        code, weights = _linked(card.code_licence), _linked(card.weights_licence)
        yield f"| {card.title} | {code} | {weights} | {'yes' if card.commercial_use else 'no'} |\n"


def _linked(licence: Licence) -> str:
    return f"[{licence.name}]({licence.url})" if licence.url else licence.name


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
