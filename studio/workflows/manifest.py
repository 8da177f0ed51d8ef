"""The manifest of a template: inputs, parameters, the position of each value in the graph, and requirements."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from engines.contract import Tier
from studio.preprocessing import Constraints

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A name that is a field of the form, a key of the API's options and a word in sentences."""
TemplateId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
NodeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,80}$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+){1,3}$")]

LARGEST_SEED = 2**53 - 1
"""The largest whole number that every program between the form and the sampler keeps exactly."""


class ManifestModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    POINTS = "points"

    @property
    def is_file(self) -> bool:
        return self is not InputKind.POINTS


EXTENSIONS: dict[InputKind, tuple[str, ...]] = {
    InputKind.IMAGE: ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff"),
    InputKind.VIDEO: ("mp4", "mov", "m4v", "webm", "mkv", "avi"),
    InputKind.AUDIO: ("wav", "mp3", "flac", "m4a", "ogg", "opus", "aac"),
    InputKind.POINTS: (),
}
"""What is taken where a manifest names no extensions."""


class TemplateLicence(ManifestModel):
    name: str
    url: str = ""
    commercial_use: bool = True


class TemplateInput(ManifestModel):
    """An input of a template.

    Args:
        kind: a file, or points on the first frame of the video input `on`.
        extensions: without dots, lower case; empty for the default ones of the kind.
        max_mb: of the original file; 0 for no limit besides the studio's and the server's.
        constraints: for the preparation of the file.
        rate_from: parameter with the clip's frame rate.
        frames_from: parameter with the maximum of the clip's frames.
        resets: parameters that return to their defaults if points are given, which are more precise.
    """

    key: Key
    kind: InputKind
    title: str
    help: str = ""
    required: bool = True
    extensions: tuple[str, ...] = ()
    max_mb: float = Field(0, ge=0)
    constraints: Constraints = Constraints()
    rate_from: str = ""
    frames_from: str = ""
    on: str = ""
    resets: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _a_bare_on_is_a_key(cls, given: Any) -> Any:
        """YAML reads a bare "on" as true."""
        return {"on" if key is True else key: value for key, value in given.items()} if isinstance(given, dict) else given

    @property
    def accepted(self) -> tuple[str, ...]:
        return self.extensions or EXTENSIONS[self.kind]


class ParameterKind(StrEnum):
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    TEXT = "text"
    SEED = "seed"


class Parameter(ManifestModel):
    """A value with a default and a range.

    Args:
        default: of the parameter's type; a seed's is -1: draw one for every job.
        shown_from: number that is displayed for the value 0, because people count faces from 1 and nodes from 0.
        frames_multiple: a whole number must be n × this + 1 (the "4n+1" of video models); 0 for any.
    """

    key: Key
    kind: ParameterKind
    title: str
    help: str = ""
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str | int | float, ...] = ()
    shown_from: int = Field(0, ge=0, le=1)
    frames_multiple: int = Field(0, ge=0, le=64)
    advanced: bool = False

    @property
    def number_key(self) -> str:
        """Name of the same value counted from 1, such as person_number for person_index; "" if it is not a count."""
        return f"{self.key.removesuffix('_index')}_number" if self.shown_from else ""

    @property
    def counted(self) -> Parameter:
        """The parameter in the form of `number_key`, with its range counted from 1."""
        low, high = (None if end is None else end + 1 for end in (self.minimum, self.maximum))
        return self.model_copy(update={"key": self.number_key, "minimum": low, "maximum": high})

    @model_validator(mode="before")
    @classmethod
    def _seeds_are_drawn(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("kind") == "seed":
            return {"default": -1, "minimum": 0, "maximum": LARGEST_SEED, **given}
        return given


class InputMapping(ManifestModel):
    """Position of one value: besides model names and the file prefix, the only inputs of a graph that are written.

    Args:
        key: of an input or a parameter.
        form: form of the value: unchanged; as text; or, for points, those on the subject or beside it as the JSON list of SAM
            nodes, in a picture of `scale` by `scale` pixels.
    """

    key: Key
    node: NodeId
    input: str
    expect_class: str
    form: Literal["value", "text", "subject_points", "other_points"] = "value"
    scale: int = Field(0, ge=0, le=16384)


class RequiredModel(ManifestModel):
    """A model file, and the loader's input that names it.

    Args:
        folder: of the server: "diffusion_models", "loras" …
        name: the file's name; alternates: equivalent ones, the best first.
        size_bytes: of `name`; 0 if it is unknown.
    """

    folder: str
    name: str
    alternates: tuple[str, ...] = ()
    size_bytes: int = Field(0, ge=0)
    url: str = ""
    licence: TemplateLicence
    node: NodeId
    input: str
    expect_class: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.alternates)


class RequiredNodes(ManifestModel):
    """Node classes from one source: the server itself, or a pack of custom nodes."""

    pack: str = "ComfyUI"
    url: str = "https://github.com/comfyanonymous/ComfyUI"
    classes: tuple[str, ...]
    since: Version | None = None


class TemplateOutput(ManifestModel):
    """A node that saves the result; its `prefix_input` gets a name of the job."""

    node: NodeId
    kind: Literal["video", "image", "audio"] = "video"
    expect_class: str = ""
    prefix_input: str = "filename_prefix"


class Stretches(ManifestModel):
    """How a graph continues for a sound that is longer than one clip.

    Args:
        sound: the input that determines the length.
        frames: parameter with the frames of one stretch.
        rate: frames per second.
        nodes: copied for every stretch; input `previous` of `goes_on` takes all previous frames, its output `repeated_output`
            tells how many of its own repeat them; `pictures` outputs a stretch's frames.
        overlap: number of those.
        most: maximum of stretches in a job.
    """

    sound: Key
    frames: Key
    rate: float = Field(gt=0, le=120)
    nodes: Annotated[tuple[NodeId, ...], Field(min_length=1)]
    goes_on: NodeId
    previous: str
    repeated_output: int = Field(ge=0, le=64)
    pictures: NodeId
    overlap: int = Field(ge=1, le=64)
    most: int = Field(ge=1, le=40)


class Manifest(ManifestModel):
    """A complete manifest.

    Args:
        use: purpose, by which the page groups and filters.
        graph_sha256: of the graph's file; "" for a template that its owner still edits.
        memory_gib: approximate peak on the server.
        verified: "graph-only" if every node, type and link was checked against the server's definitions without running weights;
            "run" if results were rendered and inspected.
    """

    id: TemplateId
    title: str
    summary: str
    use: Literal["character_swap", "animate", "lip_sync", "upscale", "other"] = "other"
    author: str = ""
    licence: TemplateLicence
    verified: Literal["run", "graph-only", "unverified"] = "unverified"
    min_comfyui: Version
    tier: Tier = Tier.HEAVY
    memory_gib: float = Field(0, ge=0)
    graph_sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""
    inputs: tuple[TemplateInput, ...]
    parameters: tuple[Parameter, ...] = ()
    mappings: tuple[InputMapping, ...]
    models: tuple[RequiredModel, ...] = ()
    nodes: tuple[RequiredNodes, ...] = ()
    outputs: Annotated[tuple[TemplateOutput, ...], Field(min_length=1)]
    stretches: Stretches | None = None
    notes: tuple[str, ...] = ()

    @field_validator("title", "summary")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not re.search(r"\w", value):
            raise ValueError("it should say something")
        return value

    @property
    def keys(self) -> tuple[str, ...]:
        return (*(each.key for each in self.inputs), *(each.key for each in self.parameters))
