"""The System tab's part on models: environments and weights, each with its state, size and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import gradio as gr

from engines.contract import Licence
from studio.environments import EnvironmentState, EnvironmentStatus
from studio.environments.model import Declaration
from studio.errors import InvalidInput
from studio.jobs.model import ACTIVE, Job, JobState
from studio.services import Services
from studio.weights import EngineWeights, WeightsState
from tabs.common.html import button, chip, html_piece, piece, prose, size
from tabs.common.wiring import clicked

KINDS = ("install_environment", "download_weights")
JOBS_LOOKED_AT = 50
"""The newest; a failure older than these is no news."""

_CHIPS = {
    EnvironmentState.ABSENT: ("cold", "not installed"),
    EnvironmentState.INSTALLING: ("running", "installing"),
    EnvironmentState.READY: ("ready", "ready"),
    EnvironmentState.BROKEN: ("broken", "broken"),
    WeightsState.MISSING: ("cold", "not here"),
    WeightsState.PARTIAL: ("waiting", "in part"),
    WeightsState.PRESENT: ("ready", "here"),
}


class ModelsPanel:
    """One drawn piece; the System tab draws it with the others and sends it the clicks on its buttons."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.drawn = html_piece(elem_id="models")

    def draw(self) -> str:
        studio = self._studio
        jobs = studio.jobs.list(kinds=KINDS, limit=JOBS_LOOKED_AT)
        environments = [(studio.environments.declared(one.name).declared, one) for one in studio.environments.statuses()]
        weights = weights_panel(studio.weights.statuses(), jobs, studio.weights.roots, offline=studio.weights.offline)
        return environments_panel(environments, jobs) + weights

    def clicked(self, event: gr.EventData) -> None:
        """
        Raises:
            GreenroomError: what stands in the way.
        """
        data = clicked(event)
        act, jobs = data.get("act"), self._studio.jobs
        if act == "cancel":
            jobs.cancel(data.get("job", ""))
        elif act in ("install", "uninstall"):
            action = "install" if act == "install" else "remove"
            jobs.submit("install_environment", {"name": data.get("environment", ""), "action": action})
        elif act in ("fetch", "delete", "move"):
            action = {"fetch": "download"}.get(act, act)
            spec = {"engine": data.get("engine", ""), "action": action, "repo": data.get("repo", "")}
            if act == "move":
                spec["root"] = self._root(data.get("root", ""))
            jobs.submit("download_weights", spec)
        else:
            raise InvalidInput("This button is not known.")

    def _root(self, number: str) -> str:
        roots = self._studio.weights.roots
        if not number.isdigit() or int(number) >= len(roots):
            raise InvalidInput("That is none of the folders of weights.")
        return str(roots[int(number)])


def environments_panel(environments: Sequence[tuple[Declaration, EnvironmentStatus]], jobs: Sequence[Job]) -> str:
    """Every declared environment; a running job's progress stands in its row."""
    rows = "".join(_environment_row(declared, status, _job_of(jobs, "name", status.name)) for declared, status in environments)
    return _table("Environments", ("Environment", "State", "Size", ""), rows)


def _environment_row(declared: Declaration, status: EnvironmentStatus, job: Job | None) -> str:
    installing = status.state is EnvironmentState.INSTALLING
    said = "" if status.ready or job is not None else f"<br><small>{prose(status.sentence)}</small>"
    expected = declared.installed_gb
    length = size(status.size_bytes) if status.ready else f"{expected.cpu:.0f} to {expected.cuda:.0f} GB"
    if job is not None:
        act = button("cancel", f"Stop: {job.title}", "close", job=job.id)
    elif installing:
        act = ""
    else:
        word = {"absent": "Install", "broken": "Repair"}.get(status.state.value, "")
        act = button("install", word, show=True, style="", environment=status.name) if word else ""
        if status.state is not EnvironmentState.ABSENT:
            act += button("uninstall", f"Remove {declared.title}", "trash", environment=status.name)
    return _row(
        f"<b>{escape(declared.title)}</b><br><small>{escape(declared.summary)}</small>{said}", status.state, job, length, act
    )


def weights_panel(weights: Sequence[EngineWeights], jobs: Sequence[Job], roots: Sequence[Path], *, offline: bool) -> str:
    """Every engine with weights, with their licence; "" when there is none.

    Args:
        jobs: the newest of KINDS, newest first; those at work stand in their rows, and the last failure of an engine too.
    """
    if not weights:
        return ""
    rows = "".join(_weights_rows(one, jobs, roots, offline) for one in weights)
    said = "Downloads are switched off (weights.offline, or HF_HUB_OFFLINE)." if offline else ""
    return _table("Weights", ("Engine", "State", "Size", ""), rows, said)


def _weights_rows(status: EngineWeights, jobs: Sequence[Job], roots: Sequence[Path], offline: bool) -> str:
    """The engine's row, and folded under it one for each repository when there are several: sizes, languages, or parts."""
    card = status.card
    gated = " Their makers ask to accept it first." if status.gated else ""
    about = f"{card.weights_licence.name}: {use_of(card.weights_licence)}.{gated}"
    known = [job for job in jobs if job.spec.get("engine") == card.id]
    running = [job for job in known if job.state in ACTIVE]
    whole = next((job for job in running if not job.spec.get("repo")), None)
    said = f"<b>{escape(card.title)}</b><br><small>{escape(about)}</small>{_last_failure(known)}"
    rows = _weights_row(said, status, whole, roots, offline, "")
    return rows + (_folded_repos(status, running, roots, offline) if len(status.repos) > 1 else "")


def _last_failure(jobs: Sequence[Job]) -> str:
    """Why the newest of these jobs failed, "" when it did not."""
    error = jobs[0].error if jobs and jobs[0].state is JobState.FAILED else None
    return "" if error is None else f"<br><small>Failed: {prose(f'{error.reason} {error.hint}'.strip())}</small>"


def _folded_repos(status: EngineWeights, running: Sequence[Job], roots: Sequence[Path], offline: bool) -> str:
    parts = {repo: status.of_repo(repo) for repo in status.repos}
    jobs = {repo: next((job for job in running if job.spec.get("repo") == repo), None) for repo in parts}
    rows = "".join(
        _weights_row(f"<small>{escape(repo)}</small>", part, jobs[repo], roots, offline, repo) for repo, part in parts.items()
    )
    here = sum(part.state is WeightsState.PRESENT for part in parts.values())
    fetched = sum(job is not None for job in jobs.values())
    told = f"{len(parts)} downloads, {here} here" + (f", {fetched} under way" if fetched else "")
    return (
        f'<tr><td colspan="4"><details class="fold more" data-fold="weights:{escape(status.card.id)}">'
        f'<summary>{told}<span class="visually-hidden"> of {escape(status.card.title)}</span></summary>'
        f"<table><tbody>{rows}</tbody></table></details></td></tr>"
    )


def _weights_row(label: str, status: EngineWeights, job: Job | None, roots: Sequence[Path], offline: bool, repo: str) -> str:
    length = size(status.whole_bytes)
    if status.state is WeightsState.PARTIAL:
        length = f"{size(status.here_bytes)} of {length}"
    return _row(label, status.state, job, length, _weights_buttons(status, job, roots, offline, repo))


def _weights_buttons(status: EngineWeights, job: Job | None, roots: Sequence[Path], offline: bool, repo: str) -> str:
    card = status.card
    if job is not None:
        return button("cancel", f"Stop: {job.title}", "close", job=job.id)
    whole = "Download all" if len(status.repos) > 1 else "Download"
    word = {"missing": whole, "partial": "Get the rest", "present": "Check"}[status.state.value]
    act = "" if offline else button("fetch", word, show=True, style="", engine=card.id, repo=repo)
    if status.own and status.state is not WeightsState.MISSING:
        for number, root in enumerate(() if repo else roots):
            if len(roots) > 1 and not all(file.path is None or file.path.is_relative_to(root) for file in status.files):
                act += button("move", f"Move to folder {number + 1}", show=True, style="", engine=card.id, root=number)
        act += button("delete", f"Delete the weights of {card.title}", "trash", engine=card.id, repo=repo)
    return act


def use_of(licence: Licence) -> str:
    return "commercial use allowed" if licence.commercial_use else "not for commercial use"


def _job_of(jobs: Sequence[Job], key: str, value: str) -> Job | None:
    return next((job for job in jobs if job.spec.get(key) == value and job.state in ACTIVE), None)


def _row(label: str, state: EnvironmentState | WeightsState, job: Job | None, length: str, act: str) -> str:
    shown = chip(*_CHIPS[state])
    if job is not None:
        label += f"<br><small>{escape(job.note or job.state.value)}</small>"
        shown, length = chip(job.state.value), f"{round(100 * job.progress)} %"
    return (
        f'<tr><td>{label}</td><td>{shown}</td><td class="num">{escape(length)}</td><td><div class="actions">{act}</div></td></tr>'
    )


def _table(title: str, headings: Sequence[str], rows: str, said: str = "") -> str:
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    note = f"<p><small>{escape(said)}</small></p>" if said else ""
    return piece(
        f'<section class="panel" aria-label="{title}"><h3>{title}</h3>{note}<div class="scroll">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )
