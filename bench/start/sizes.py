"""What the studio takes of a disk: the assets of a clone, the installed packages, and what the first start fetches."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from bench.figures import Figure, tell
from studio.settings import HOME
from studio.weights.pinned import pinned_models

MB = 1e6
ASSETS_MB, FETCHED_MB = 80.0, 250.0


def main() -> int:
    assets = size_of(HOME / "assets") / MB
    first = [model for model in pinned_models(HOME / "assets").values() if model.first_start]
    fetched = sum(model.size for model in first) / MB
    packages = size_of(Path(sysconfig.get_path("purelib"))) / MB
    tell(Figure("Assets of a clone", "MB", [assets], promise=f"at most {ASSETS_MB:.0f}"))
    tell(
        Figure(
            "Installed packages", "MB", [packages], note="of this Python, tools of development included where they are installed"
        )
    )
    titles = " and ".join(model.title for model in first)
    tell(Figure("Fetched by the first start", "MB", [fetched], promise=f"at most {FETCHED_MB:.0f}", note=titles))
    return int(assets > ASSETS_MB or fetched > FETCHED_MB)


def size_of(folder: Path) -> int:
    """Bytes of the files below it; compiled modules count nothing."""
    return sum(
        Path(place, name).stat(follow_symlinks=False).st_size
        for place, _, names in os.walk(folder)
        for name in names
        if "__pycache__" not in place
    )


if __name__ == "__main__":
    sys.exit(main())
