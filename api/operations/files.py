"""Files as arguments and answers of calls, for every protocol."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic.fields import FieldInfo

from api.media_types import PLAYABLE
from studio.errors import InvalidInput, NotFound
from studio.files import file_within, slug
from studio.library import Library

UPLOADED = "upload:"
"""The prefix of a reference to an upload: "upload:<folder>/<name>"."""

FILE = (
    "Give the id of an output (see `outputs`), what an upload answered, or a data: address in base64. "
    "Addresses of other machines are not fetched."
)
_ENDINGS = {"audio": ".audio", "video": ".video", "image": ".image"}
_UNKNOWN = "application/octet-stream"


class FileInputs:
    """Resolves a file argument to a path. Only uploads and the studio's outputs are accepted.

    Args:
        uploads: the folder of uploaded files.
    """

    def __init__(self, uploads: Path, library: Library, outputs: Path) -> None:
        self.uploads, self._library, self._outputs = uploads, library, outputs

    def path(self, value: object, field: str) -> Path:
        """
        Args:
            value: an output's id or address, the reference of an upload, a path of either, or a data: address; or a dict or
                object with one of these as `path`, as Gradio passes files.

        Raises:
            InvalidInput: it is no file, an address of another machine, or a file that was not uploaded.
        """
        given = value.get("path") if isinstance(value, dict) else getattr(value, "path", value)
        if isinstance(given, Path):
            given = str(given)
        if not isinstance(given, str) or not given:
            raise InvalidInput("call.file-missing", field=field)
        if given.startswith("data:"):
            return self._from_data(given, field)
        if given.startswith(UPLOADED):
            found = file_within(self.uploads / given.removeprefix(UPLOADED), (self.uploads,))
        else:
            found = self._output(given, field) or file_within(given, (self.uploads, self._outputs))
        if found is None:
            raise InvalidInput("call.file-not-uploaded", field=field)
        return found

    def in_spec(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a job with references to uploads replaced by paths, because capabilities do not know references.

        Raises:
            InvalidInput: a reference is unknown.
        """
        return {name: self._resolved(value, name) for name, value in spec.items()}

    def _resolved(self, value: Any, field: str) -> Any:
        if isinstance(value, str) and value.startswith(UPLOADED):
            return str(self.path(value, field))
        if isinstance(value, dict):
            return {name: self._resolved(one, name) for name, one in value.items()}
        return [self._resolved(one, field) for one in value] if isinstance(value, list) else value

    def place(self, name: str, ending: str = "") -> Path:
        """Return the path for an uploaded file, in a new folder."""
        folder = self.uploads / secrets.token_hex(16)
        folder.mkdir(parents=True)
        plain = Path(name.replace("\\", "/")).name
        return folder / f"{slug(Path(plain).stem, 'file')}{ending or Path(plain).suffix[:8].lower()}"

    def reference(self, path: Path) -> str:
        """Return the reference of an uploaded file, for clients that must not know its path."""
        return f"{UPLOADED}{path.relative_to(self.uploads)}"

    def _output(self, given: str, field: str) -> Path | None:
        own = urlsplit(given) if given.startswith(("http:", "https:", "/media/")) else None
        name = given
        if own is not None:
            _, _, name = own.path.rpartition("/media/outputs/")
            if not name or "/" in name:
                raise InvalidInput("call.file-by-address", field=field)
        try:
            return self._library.get(name).path
        except NotFound:
            return None

    def _from_data(self, address: str, field: str) -> Path:
        head, _, body = address.partition(",")
        kind = head.removeprefix("data:").partition("/")[0]
        try:
            if not head.endswith(";base64"):
                raise ValueError
            content = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput("call.no-data-address", field=field) from None
        path = self.place(field, _ENDINGS.get(kind, ".bin"))
        path.write_bytes(content)
        return path


@dataclass(frozen=True)
class _FileMark:
    """Marks the annotation of an argument that is a file."""


def _found(value: object, info: ValidationInfo) -> Path:
    files: FileInputs = info.context["files"]  # type: ignore[index] # a call is always checked with it
    return files.path(value, str(info.field_name))


InputFile = Annotated[Path, BeforeValidator(_found), WithJsonSchema({"type": "string"}), _FileMark()]
"""The type of a file argument; the function gets its path."""


def is_file_field(field: FieldInfo) -> bool:
    return any(isinstance(one, _FileMark) for one in field.metadata)


class FileRef(BaseModel):
    """A file in an answer: its name, and its address, which needs the same authorization as the call."""

    path: Path = Field(exclude=True)
    url: str = Field(description="Where it is fetched.")
    name: str = Field(description="Its name, as a file of one's own may have it.")
    media_type: str
    size: int = Field(description="In bytes.")


class Links:
    """Addresses of the studio's files for one client.

    Args:
        base: the address by which the client reached the studio, such as "http://127.0.0.1:7860"; "" gives relative addresses.
    """

    def __init__(self, base: str = "") -> None:
        self._base = base

    def address(self, route: str) -> str:
        return f"{self._base}{route}"

    def output(self, output: str, path: Path) -> str:
        """Return the address of an output, or of one of its companion files."""
        route = f"/media/outputs/{quote(output, safe='')}"
        return self.address(route if path.name == output else f"{route}/{path.suffix[1:]}")

    def file(self, path: Path, route: str) -> FileRef:
        kind = PLAYABLE.get(path.suffix.lower(), _UNKNOWN)
        return FileRef(path=path, url=self.address(route), name=path.name, media_type=kind, size=path.stat().st_size)
