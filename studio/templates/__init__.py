"""ComfyUI workflows as templates: a manifest and a graph in API format each, checked when read and again before every job."""

from studio.templates.checks import TemplateChecks
from studio.templates.collection import Templates
from studio.templates.manifest import Manifest
from studio.templates.patching import build_prompt
from studio.templates.preflight import FoundModel, Problem, Validation, parse_roots, preflight, validate
from studio.templates.template import Template

__all__ = [
    "FoundModel", "Manifest", "Problem", "Template", "TemplateChecks", "Templates", "Validation", "build_prompt", "parse_roots",
    "preflight",
    "validate",
]  # fmt: skip
