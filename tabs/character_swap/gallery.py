"""The gallery of templates: the built-in one first, then ComfyUI's, each with its state; and the details of the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from capabilities.character_swap.builtin import BUILTIN, builtin_inputs, builtin_parameters
from engines.swap.basic.engine import BasicFaceSwap
from studio.comfyui.client.inventory import ServerInventory
from studio.workflows.collection import TemplateCollection
from studio.workflows.manifest import Parameter, TemplateInput
from studio.workflows.preflight import TemplateProblem, joined_problems, preflight
from studio.workflows.template import WorkflowTemplate
from tabs.common.templating import render
from tabs.common.wiring import template_url

_USES = ("character_swap", "animate", "lip_sync", "upscale", "other")
_VERIFIED = {
    "run": "Was run with its models, and the results looked at.",
    "graph-only": "Checked node by node against ComfyUI; not yet run with its models.",
    "unverified": "Not checked by the studio.",
}

CONNECT = (
    "ComfyUI is not connected. The basic face swap works without it; for the others start ComfyUI and give its address (such as "
    "http://127.0.0.1:8188), or the folder of an installation, on the System tab under Settings. It counts at once."
)  # fmt: skip


@dataclass(frozen=True)
class WorkflowChoice:
    """An entry of the gallery: the built-in swap, or a template with its state.

    Args:
        state: ready, waiting (something is missing, or not asked yet) or broken.
        badge: the state in two or three words. missing: what prevents it from running, with the next step.
        template: None for the built-in.
    """

    id: str
    title: str
    summary: str
    inputs: tuple[TemplateInput, ...]
    parameters: tuple[Parameter, ...]
    state: str
    badge: str
    missing: tuple[tuple[str, str], ...] = ()
    template: WorkflowTemplate | None = None

    @property
    def memory_gib(self) -> float:
        manifest = self.template.manifest if self.template else None
        return manifest.memory_gib if manifest else BasicFaceSwap.card.memory_gib


def choices(templates: TemplateCollection, configured: bool, inventory: ServerInventory | None) -> list[WorkflowChoice]:
    """Return all entries, the built-in one first.

    Args:
        configured: whether a ComfyUI server is set.
        inventory: what the server has, if it was asked.
    """
    found = sorted(templates.all(), key=lambda one: (_USES.index(one.manifest.use) if one.manifest else len(_USES), one.title))
    return [_builtin(), *(_choice(template, configured, inventory) for template in found)]


def _builtin() -> WorkflowChoice:
    card = BasicFaceSwap.card
    return WorkflowChoice(BUILTIN, card.title, card.summary, builtin_inputs(), builtin_parameters(), "ready", "built in")


def _choice(template: WorkflowTemplate, configured: bool, inventory: ServerInventory | None) -> WorkflowChoice:
    manifest = template.manifest
    if manifest is None or not template.valid:
        broken = tuple((str(problem), "") for problem in template.problems)
        return WorkflowChoice(
            template.id, template.title, "This template is broken.", (), (), "broken", "broken", broken, template
        )
    missing: tuple[tuple[str, str], ...] = ()
    if not configured:
        state, badge = "waiting", "no ComfyUI"
    elif inventory is None:
        state, badge = "waiting", "not checked"
    else:
        problems = preflight(template, inventory)
        missing = tuple((str(why), str(step)) for why, step in joined_problems(problems))
        state, badge = ("waiting", _lacks(problems)) if problems else ("ready", "ready")
    return WorkflowChoice(
        template.id, template.title, manifest.summary, manifest.inputs, manifest.parameters, state, badge, missing, template
    )


def _lacks(problems: Sequence[TemplateProblem]) -> str:
    """Return everything that is missing, with counts, because a list of models alone would suggest a download of 30 GB for a
    server that cannot run them.
    """
    counted = [
        f"{count} {kind if count == 1 else f'{kind}s'}"
        for kind in ("node", "model")
        if (count := sum(problem.kind == kind for problem in problems))
    ]
    told = f"{' and '.join(counted)} missing" if counted else ""
    older = any(problem.kind == "version" for problem in problems)
    return ", ".join(filter(None, ("ComfyUI too old" if older else "", told))) or "not ready"


def gallery(found: Sequence[WorkflowChoice], chosen: str) -> str:
    """Return the HTML of the cards."""
    return render("character_swap/gallery.html", found=found, chosen=chosen)


def about_choice(one: WorkflowChoice, configured: bool, server: str) -> str:
    """Return the HTML of the details: what it does, what is missing and where to get it, its graph.

    Args:
        server: address of the configured ComfyUI server, "" if there is none or the studio starts it.
    """
    graph = template_url(one.id) if one.template is not None and one.template.graph else ""
    notes = [*_notes(one), *([] if configured else [CONNECT])]
    return render("character_swap/about.html", one=one, notes=notes, graph=graph, configured=configured, server=server)


def _notes(one: WorkflowChoice) -> list[str]:
    """Return how far a template was verified, what it needs, its licence, and its authors' notes."""
    manifest = one.template.manifest if one.template is not None else None
    if manifest is None:
        return []
    need = f"Needs about {manifest.memory_gib:g} GiB." if manifest.memory_gib else "Its need of memory is not known."
    facts = (
        _VERIFIED[manifest.verified], need, f"ComfyUI {manifest.min_comfyui} or newer.", f"Licence: {manifest.licence.name}.",
    )  # fmt: skip
    return [" ".join(facts), *manifest.notes]
