"""ComfyUI workflows as templates: a manifest and a graph in API format each, validated when read and before every job."""

from studio.workflows.checks import TemplateChecks
from studio.workflows.collection import TemplateCollection
from studio.workflows.importing import Chosen, delete_template, need_of, read_export, write_template
from studio.workflows.manifest import Manifest
from studio.workflows.memory_need import MemoryNeed, memory_need
from studio.workflows.model_folders import parse_roots
from studio.workflows.patching import build_prompt
from studio.workflows.preflight import FoundModel, TemplateProblem, Validation, preflight, validate
from studio.workflows.suggestions import Suggestion, suggest_inputs, suggest_outputs
from studio.workflows.template import WorkflowTemplate

__all__ = [
    "Chosen",
    "FoundModel",
    "Manifest",
    "MemoryNeed",
    "Suggestion",
    "TemplateProblem",
    "WorkflowTemplate",
    "TemplateChecks",
    "TemplateCollection",
    "Validation",
    "build_prompt",
    "delete_template",
    "memory_need",
    "need_of",
    "parse_roots",
    "preflight",
    "read_export",
    "suggest_inputs",
    "suggest_outputs",
    "validate",
    "write_template",
]
