"""The templates to choose from: the built-in first, then ComfyUI's, each with how it stands; and all about the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from capabilities.character_swap.builtin import BUILTIN, builtin_inputs, builtin_parameters
from engines.swap.basic.engine import BasicFaceSwap
from studio.comfyui.client.inventory import ServerInventory
from studio.workflows.collection import TemplateCollection
from studio.workflows.manifest import Parameter, TemplateInput
from studio.workflows.preflight import Problem, joined_problems, preflight
from studio.workflows.template import WorkflowTemplate
from tabs.common.html import button, chip, link, piece
from tabs.common.wiring import template_url

_USES = ("character_swap", "animate", "lip_sync", "upscale", "other")
_VERIFIED = {
    "run": "Was run with its models, and the results looked at.",
    "graph-only": "Checked node by node against ComfyUI; not yet run with its models.",
    "unverified": "Not checked by the studio.",
}

CONNECT = (
    "ComfyUI is not connected. The basic face swap works without it; for the others start ComfyUI and write its address into "
    "settings.yaml, comfyui.url (such as http://127.0.0.1:8188), or the folder of an installation into comfyui.path; then start "
    "the studio again."
)  # fmt: skip


@dataclass(frozen=True)
class WorkflowChoice:
    """One thing that can be chosen: the built-in, or a template with how it stands.

    Args:
        state: ready, waiting (something is missing, or not asked yet) or broken.
        badge: the same in two or three words.
        missing: what keeps it from running, with the next step.
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
    """Everything that can be chosen, the built-in first.

    Args:
        configured: whether a ComfyUI server is set.
        inventory: what the server has, as far as it was asked.
    """
    found = sorted(templates.all(), key=lambda one: (_USES.index(one.manifest.use) if one.manifest else len(_USES), one.title))
    return [_builtin(), *(_choice(template, configured, inventory) for template in found)]


def _builtin() -> WorkflowChoice:
    card = BasicFaceSwap.card
    return WorkflowChoice(BUILTIN, card.title, card.summary, builtin_inputs(), builtin_parameters(), "ready", "built in")


def _choice(template: WorkflowTemplate, configured: bool, inventory: ServerInventory | None) -> WorkflowChoice:
    manifest = template.manifest
    if manifest is None or not template.valid:
        broken = tuple((problem, "") for problem in template.problems)
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
        missing = joined_problems(problems)
        state, badge = ("waiting", _lacks(problems)) if problems else ("ready", "ready")
    return WorkflowChoice(
        template.id, template.title, manifest.summary, manifest.inputs, manifest.parameters, state, badge, missing, template
    )


def _lacks(problems: Sequence[Problem]) -> str:
    models = sum(problem.kind == "model" for problem in problems)
    nodes = sum(problem.kind == "node" for problem in problems)
    if models:
        return f"{models} {'model' if models == 1 else 'models'} missing"
    if nodes:
        return f"{nodes} {'node' if nodes == 1 else 'nodes'} missing"
    return "needs an update"


def gallery(found: Sequence[WorkflowChoice], chosen: str) -> str:
    """HTML of the cards to choose from."""
    return piece(f'<div class="gallery" role="group" aria-label="Templates">{"".join(_card(one, chosen) for one in found)}</div>')


def _card(one: WorkflowChoice, chosen: str) -> str:
    return (
        f'<button type="button" class="act card" data-act="choose" data-template="{escape(one.id)}" '
        f'aria-pressed="{"true" if one.id == chosen else "false"}"><span class="title">{escape(one.title)}</span>'
        f"{chip(one.state, one.badge)}</button>"
    )


def about_choice(one: WorkflowChoice, configured: bool, server: str) -> str:
    """HTML of all about the chosen one: what it does, what is missing and where to get it, its graph.

    Args:
        server: address of the ComfyUI server that is set, "" for none or one of the studio's own.
    """
    said = f"<p>{escape(one.summary)}</p>"
    if one.template is None:
        connect = "" if configured else f'<p class="soft">{escape(CONNECT)}</p>'
        return piece(f'<section class="about" aria-label="About the template">{said}{connect}</section>')
    manifest = one.template.manifest
    if manifest is not None:
        licence = manifest.licence
        facts = [_VERIFIED[manifest.verified], f"ComfyUI {manifest.min_comfyui} or newer.", f"Licence: {licence.name}."]
        need = f"Needs about {manifest.memory_gib:g} GiB." if manifest.memory_gib else "Its need of memory is not known."
        facts.insert(1, need)
        said += "".join(f'<p class="soft">{escape(note)}</p>' for note in (" ".join(facts), *manifest.notes))
    if not configured:
        said += f'<p class="soft">{escape(CONNECT)}</p>'
    said += _missing(one)
    return piece(f'<section class="about" aria-label="About the template">{said}{_links(one, configured, server)}</section>')


def _missing(one: WorkflowChoice) -> str:
    if not one.missing:
        return ""
    rows = "".join(
        f"<li>{escape(sentence)}{f'<br><small>{_linked(where)}</small>' if where else ''}</li>" for sentence, where in one.missing
    )
    head = "What is wrong with it" if one.state == "broken" else "What is missing"
    return f'<details class="fold" open><summary><b>{head}</b></summary><ul class="missing">{rows}</ul></details>'


def _links(one: WorkflowChoice, configured: bool, server: str) -> str:
    drawn = ""
    if one.template is not None and one.template.graph:
        drawn += link(template_url(one.id), "Its graph")
    if server:
        drawn += f'<a class="act" href="{escape(server)}" target="_blank" rel="noopener noreferrer">Open ComfyUI</a>'
    if configured:
        drawn += button("check", "Ask ComfyUI again", "again", show=True, style="")
    if one.template is not None and one.template.own:
        sure = f"Delete the template {one.title}?"
        drawn += button("forget", "Delete this template", "trash", show=True, style="danger", template=one.id, confirm=sure)
    return f'<div class="downloads">{drawn}</div>' if drawn else ""


def _linked(where: str) -> str:
    """A next step whose addresses can be followed."""
    words = []
    for word in where.split(" "):
        address = word.rstrip(".,;")
        if address.startswith(("https://", "http://")):
            rest = escape(word[len(address) :])
            words.append(f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{escape(address)}</a>{rest}')
        else:
            words.append(escape(word))
    return " ".join(words)
