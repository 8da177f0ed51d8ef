"""Templates of ComfyUI workflows as calls give them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.operations.operation import Answer


class TemplateAnswer(Answer):
    """A template."""

    id: str
    title: str
    valid: bool
    problems: list[Any] = Field(description="What is wrong with it.")
    inputs: list[dict[str, Any]]
    parameters: list[dict[str, Any]]


class ValidationAnswer(Answer):
    """Whether a template can run on the server now."""

    ready: bool
    problems: list[dict[str, Any]]
    models: list[dict[str, Any]]


class TemplateDetail(TemplateAnswer):
    """A template with all that is missing to run it."""

    validation: ValidationAnswer


class ModelInventory(Answer):
    """Every model file of the server, and of the model folders of this machine."""

    server: bool
    problem: dict[str, Any] | None
    version: str | None
    roots: list[str]
    models: dict[str, list[dict[str, Any]]]
    on_disk: dict[str, list[dict[str, Any]]]
