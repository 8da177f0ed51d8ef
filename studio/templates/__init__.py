"""ComfyUI workflows as templates: a manifest and a graph in API format each, checked when read and again before every job."""

from studio.templates.checks import TemplateChecks
from studio.templates.collection import Templates
from studio.templates.importing import Chosen, delete_template, need_of, read_export, write_template
from studio.templates.manifest import Manifest
from studio.templates.memory_need import MemoryNeed, memory_need
from studio.templates.patching import build_prompt
from studio.templates.preflight import FoundModel, Problem, Validation, preflight, validate
from studio.templates.roots import parse_roots
from studio.templates.suggestions import Suggestion, suggest_inputs, suggest_outputs
from studio.templates.template import Template

__all__ = [
    "Chosen", "FoundModel", "Manifest", "MemoryNeed", "Problem", "Suggestion", "Template", "TemplateChecks", "Templates",
    "Validation", "build_prompt", "delete_template", "memory_need", "need_of", "parse_roots", "preflight", "read_export",
    "suggest_inputs", "suggest_outputs", "validate", "write_template",
]  # fmt: skip
