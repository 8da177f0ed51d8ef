"""spaCy's small English model, by which misaki tells apart words that are written alike ("to live", "a live concert").

Kokoro was trained on misaki's reading. Upstream: github.com/explosion/spacy-models, release en_core_web_sm-3.8.0 (MIT). misaki
would install it with pip when it is missing; here the wheel is one of the engine's weights, known by its hash, and is unpacked as
an archive into the engine's cache. Nothing is installed.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

from engines.common.weights import find_file
from engines.contract import EnginePaths, HubFile

PACKAGE = "en_core_web_sm"
REPO = "explosion/spacy-models"
WHEEL = f"{PACKAGE}-3.8.0-py3-none-any.whl"
WHEEL_SUM = "1932429db727d4bff3deed6b34cfc05df17794f4a52eeb26cf8928f7c1a0fb85"
FILE = HubFile(REPO, WHEEL, 12_806_118, sha256=WHEEL_SUM)
_FOLDER = "spacy"


def make_importable(site: EnginePaths, wheel: HubFile = FILE) -> bool:
    """Put the model's package on the path of this process, unpacked from its wheel; return whether it is there.

    A wheel with another hash than the card's is not unpacked.
    """
    found = find_file(site, wheel)
    if found is None:
        return False
    folder = site.cache / _FOLDER / wheel.sha256
    if not folder.is_dir() and not _unpacked(found, wheel.sha256, folder):
        return False
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()
    return True


def _unpacked(wheel: Path, checksum: str, folder: Path) -> bool:
    """Unpack it beside its place and move it there, so that no half of it is ever taken for the whole."""
    if sha256(wheel.read_bytes()).hexdigest() != checksum:
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    arriving = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(arriving)
        arriving.rename(folder)
    except (OSError, zipfile.BadZipFile):
        shutil.rmtree(arriving, ignore_errors=True)
        return folder.is_dir()  # another worker may have been quicker
    return True
