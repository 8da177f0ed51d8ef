"""Where an engine finds its files on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EnginePaths:
    """Where an engine finds things on this machine. Engines know no other path.

    Args:
        assets: files that ship with the studio (read-only).
        cache: a folder of the engine's own that it may fill and lose at any time.
        weights: roots under which weights may lie, first match wins.
        environments: folder of the model environments; "studio" is the running one and always there.
        fish_url: address of a Fish server that the person set up, "" for none.
    """

    assets: Path
    cache: Path
    weights: tuple[Path, ...] = ()
    environments: Path = Path()
    fish_url: str = ""
