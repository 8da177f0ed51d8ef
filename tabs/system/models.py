"""The models section of the System tab: environments and weights, with state, size and actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import gradio as gr

from engines.contract import Licence
from studio.environments import EnvironmentState, EnvironmentStatus
from studio.environments.model import Declaration
from studio.errors import InvalidInput
from studio.jobs.model import ACTIVE, Job, JobState
from studio.services import Services
from studio.weights import EngineWeights, WeightsState
from tabs.common.formats import percent, size
from tabs.common.html import html_piece, newest
from tabs.common.templating import render
from tabs.common.wiring import clicked

KINDS = ("install_environment", "download_weights")
JOBS_LOOKED_AT = 50
"""Number of newest jobs; older failures are not shown."""

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
    """One drawn piece, whose clicks the tab passes on."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.drawn = html_piece(elem_id="models", value=newest("models"))

    def draw(self) -> str:
        studio = self._studio
        jobs = studio.jobs.list(kinds=KINDS, limit=JOBS_LOOKED_AT)
        environments = [(studio.environments.declared(one.name).declared, one) for one in studio.environments.statuses()]
        weights = weights_panel(studio.weights.statuses(), jobs, studio.weights.roots, offline=studio.weights.offline)
        return environments_panel(environments, jobs) + weights

    def clicked(self, event: gr.EventData) -> None:
        """Run the action of a button.

        Raises:
            GreenroomError: the action is not possible.
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
            raise InvalidInput("page.button-unknown")

    def _root(self, number: str) -> str:
        roots = self._studio.weights.roots
        if not number.isdigit() or int(number) >= len(roots):
            raise InvalidInput("weights.folder-unknown")
        return str(roots[int(number)])


def environments_panel(environments: Sequence[tuple[Declaration, EnvironmentStatus]], jobs: Sequence[Job]) -> str:
    """Return the HTML of every declared environment, with the progress of a running job in its row."""
    rows = [_environment_row(declared, status, _job_of(jobs, "name", status.name)) for declared, status in environments]
    return render("system/models.html", title="Environments", said="", rows=rows)


@dataclass(frozen=True)
class _EnvironmentRow:
    """One environment in the table.

    Args:
        lacks: what is wrong with it, else "". install: the label of the button that installs or repairs it, "" for no button.
    """

    name: str
    title: str
    summary: str
    lacks: str
    state: str
    state_label: str
    length: str
    job: Job | None
    install: str
    may_remove: bool


def _environment_row(declared: Declaration, status: EnvironmentStatus, job: Job | None) -> _EnvironmentRow:
    expected = declared.installed_gb
    length = size(status.size_bytes) if status.ready else f"{expected.cpu:.0f} to {expected.cuda:.0f} GB"
    state, label, shown_length = _shown(status.state, job, length)
    return _EnvironmentRow(
        name=status.name,
        title=declared.title,
        summary=declared.summary,
        lacks="" if status.ready or job is not None else status.sentence,
        state=state,
        state_label=label,
        length=shown_length,
        job=job,
        install={"absent": "Install", "broken": "Repair"}.get(status.state.value, ""),
        may_remove=status.state not in (EnvironmentState.ABSENT, EnvironmentState.INSTALLING),
    )


def weights_panel(weights: Sequence[EngineWeights], jobs: Sequence[Job], roots: Sequence[Path], *, offline: bool) -> str:
    """Return the HTML of every engine with weights, with their licence; "" if there is none.

    Args:
        jobs: the newest of KINDS, newest first; running ones and the last failure of an engine are shown in its row.
    """
    if not weights:
        return ""
    rows = [_weights_row(one, jobs, roots, offline) for one in weights]
    said = "Downloads are switched off (weights.offline, or HF_HUB_OFFLINE)." if offline else ""
    return render("system/models.html", title="Weights", said=said, rows=rows)


@dataclass(frozen=True)
class _WeightsRow:
    """The weights of an engine in the table, or one of several downloads; `repo` is "" for all.

    Args:
        failure: why the newest job on them failed, else "". fetch: the label of the button that downloads or checks them, ""
            for no button. moves: numbers of the folders to which they can be moved. parts: their downloads, if there are
            several.
    """

    id: str
    title: str
    repo: str
    state: str
    state_label: str
    length: str
    job: Job | None
    fetch: str
    moves: tuple[int, ...]
    may_delete: bool
    licence: str = ""
    failure: str = ""
    counted: str = ""
    parts: tuple[_WeightsRow, ...] = ()


def _weights_row(status: EngineWeights, jobs: Sequence[Job], roots: Sequence[Path], offline: bool) -> _WeightsRow:
    """Return the engine's row, with one for each repository if there are several."""
    card = status.card
    gated = " Their makers ask to accept it first." if status.gated else ""
    licence = f"{card.weights_licence.name}: {use_of(card.weights_licence)}.{gated}"
    known = [job for job in jobs if job.spec.get("engine") == card.id]
    running = [job for job in known if job.state in ACTIVE]
    whole = next((job for job in running if not job.spec.get("repo")), None)
    row = _download_row(status, whole, roots, offline, "")
    row = replace(row, licence=licence, failure=_last_failure(known))
    return _with_parts(row, status, running, offline) if len(status.repos) > 1 else row


def _last_failure(jobs: Sequence[Job]) -> str:
    """Return why the newest of these jobs failed, else ""."""
    error = jobs[0].error if jobs and jobs[0].state is JobState.FAILED else None
    return "" if error is None else f"{error.reason} {error.hint}".strip()


def _with_parts(row: _WeightsRow, status: EngineWeights, running: Sequence[Job], offline: bool) -> _WeightsRow:
    parts = {repo: status.of_repo(repo) for repo in status.repos}
    jobs = {repo: next((job for job in running if job.spec.get("repo") == repo), None) for repo in parts}
    here = sum(part.state is WeightsState.PRESENT for part in parts.values())
    fetched = sum(job is not None for job in jobs.values())
    counted = f"{len(parts)} downloads, {here} here" + (f", {fetched} under way" if fetched else "")
    rows = tuple(_download_row(part, jobs[repo], (), offline, repo) for repo, part in parts.items())
    return replace(row, counted=counted, parts=rows)


def _download_row(status: EngineWeights, job: Job | None, roots: Sequence[Path], offline: bool, repo: str) -> _WeightsRow:
    length = size(status.whole_bytes)
    if status.state is WeightsState.PARTIAL:
        length = f"{size(status.here_bytes)} of {length}"
    whole = "Download all" if len(status.repos) > 1 else "Download"
    fetch = {"missing": whole, "partial": "Get the rest", "present": "Check"}[status.state.value]
    own = status.own and status.state is not WeightsState.MISSING
    state, label, length = _shown(status.state, job, length)
    return _WeightsRow(
        id=status.card.id,
        title=status.card.title,
        repo=repo,
        state=state,
        state_label=label,
        length=length,
        job=job,
        fetch="" if offline else fetch,
        moves=_other_roots(status, roots) if own else (),
        may_delete=own,
    )


def _other_roots(status: EngineWeights, roots: Sequence[Path]) -> tuple[int, ...]:
    """Return the numbers of the folders that do not contain all files; () if there is only one folder."""
    if len(roots) < 2:
        return ()
    lies_in = (all(file.path is None or file.path.is_relative_to(root) for file in status.files) for root in roots)
    return tuple(number for number, all_of_it in enumerate(lies_in) if not all_of_it)


def use_of(licence: Licence) -> str:
    return "commercial use allowed" if licence.commercial_use else "not for commercial use"


def _job_of(jobs: Sequence[Job], key: str, value: str) -> Job | None:
    return next((job for job in jobs if job.spec.get(key) == value and job.state in ACTIVE), None)


def _shown(state: EnvironmentState | WeightsState, job: Job | None, length: str) -> tuple[str, str, str]:
    """Return chip, label and size, or those of a running job."""
    if job is not None:
        return job.state.value, job.state.value, f"{percent(job.progress)} %"
    return (*_CHIPS[state], length)
