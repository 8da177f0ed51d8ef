"""A project as one file: a ZIP of its YAML and of every file that it uses."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from capabilities.director.document.model import Project
from capabilities.director.projects.files import OWN, ProjectFiles, named_files, with_files
from capabilities.director.projects.yaml_file import LARGEST_BYTES, as_yaml, read_project
from media.broken_zip import BROKEN_ZIP
from studio.errors import InvalidInput
from studio.files import staging_path
from studio.validation import validated

YAML = "project.yaml"
MOST_FILES = 5_000
LARGEST_UNPACKED = 20 * 1024**3
_BLOCK = 1024 * 1024


def write_bundle(target: Path, project: Project, folder: Path, files: ProjectFiles) -> None:
    """Write a project; outputs of the library that it uses are included as files.

    Raises:
        InvalidInput, NotFound: a file that it uses no longer exists.
    """
    names: dict[str, str] = {}
    staged = staging_path(target.parent, ".zip")
    try:
        with zipfile.ZipFile(staged, "w", zipfile.ZIP_STORED) as bundle:
            for value in named_files(project):
                if value.startswith("samples/"):
                    continue
                path, _ = files.find(folder, value, value)
                name = value.removeprefix(OWN) if value.startswith(OWN) else f"output-{len(names)}-{path.name}"
                names[value] = f"{OWN}{name}"
                bundle.write(path, names[value])
            told = validated(Project, with_files(project.as_stored(), names))
            bundle.writestr(YAML, as_yaml(told), zipfile.ZIP_DEFLATED)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


def read_bundle(path: Path, folder: Path) -> Project:
    """Unpack a bundle into an empty folder and read its document. A single YAML file is a bundle without files.

    Raises:
        InvalidInput: it is no bundle, contains unexpected files, or unpacks to too many bytes.
    """
    if not zipfile.is_zipfile(path):
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidInput("project.not-bundle", file=path.name[:80])
        return read_project(path.read_bytes())
    try:
        with zipfile.ZipFile(path) as bundle:
            _check(bundle, path.name)
            project = read_project(_read(bundle, YAML))
            for entry in bundle.infolist():
                if entry.filename.startswith(OWN) and not entry.is_dir():
                    _unpack(bundle, entry, folder)
    except BROKEN_ZIP as error:
        raise InvalidInput("project.not-bundle", file=path.name[:80]) from error
    return project


def _check(bundle: zipfile.ZipFile, name: str) -> None:
    entries = bundle.infolist()
    if YAML not in bundle.namelist() or len(entries) > MOST_FILES:
        raise InvalidInput("project.not-bundle", file=name[:80])
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise InvalidInput("project.too-large", most=LARGEST_UNPACKED // 1024**2)
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        if entry.filename != YAML and (len(parts) > 2 or f"{parts[0]}/" != OWN or ".." in parts):
            raise InvalidInput("project.not-bundle", file=name[:80])


def _read(bundle: zipfile.ZipFile, name: str) -> bytes:
    with bundle.open(name) as file:
        return file.read(LARGEST_BYTES + 1)


def _unpack(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / "files" / PurePosixPath(entry.filename).name
    target.parent.mkdir(parents=True, exist_ok=True)
    with bundle.open(entry) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, _BLOCK)
