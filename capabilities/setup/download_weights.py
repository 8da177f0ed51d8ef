"""Download, removal and relocation of an engine's weights as jobs."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from capabilities.setup.install_environment import Stop
from studio.errors import InvalidInput
from studio.jobs.capability import SETUP_LANE, Capability, JobContext
from studio.jobs.model import JobOutput
from studio.services import Services
from studio.weights import WeightsState
from studio.workers.model import WorkerState


class WeightsSpec(BaseModel):
    """A job on weights.

    Args:
        engine: its id.
        action: "download" fetches missing files and checks existing ones; "delete"; "move" moves them to `root`, one of the
            weight folders.
        repo: only this repository, "" for all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    engine: str = Field(max_length=100)
    action: Literal["download", "delete", "move"] = "download"
    root: str = Field("", max_length=1000)
    repo: str = Field("", max_length=200)


class DownloadWeights(Capability[WeightsSpec]):
    """The capability "download_weights"."""

    kind: ClassVar[str] = "download_weights"
    Spec = WeightsSpec

    def __init__(self, services: Services) -> None:
        self._weights, self._engines, self._workers = services.weights, services.catalog.all, services.workers

    def prepare(self, spec: WeightsSpec) -> WeightsSpec:
        """
        Raises:
            NotFound: no such engine, or one without weights. WeightsError: downloads are switched off. InvalidInput: there is
            nothing to do.
        """
        status = self._weights.status(spec.engine, spec.repo)
        if spec.action == "download":
            self._weights.refuse_offline()
        elif status.state is WeightsState.MISSING:
            raise InvalidInput("weights.not-here", engine=status.card.title)
        if spec.action == "move" and Path(spec.root) not in self._weights.roots:
            roots = ", ".join(str(number + 1) for number in range(len(self._weights.roots)))
            raise InvalidInput("weights.folder-not-one-of", known=roots)
        return spec

    def title(self, spec: WeightsSpec) -> str:
        done = {"download": "Download", "delete": "Delete", "move": "Move"}[spec.action]
        return f"{done} the weights of {self._weights.status(spec.engine).card.title}" + (f" ({spec.repo})" if spec.repo else "")

    def lane(self, spec: WeightsSpec) -> str:
        return SETUP_LANE

    def run(self, spec: WeightsSpec, context: JobContext) -> list[JobOutput]:
        """After an interruption it continues with the partial download."""
        stop = Stop(context)
        if spec.action == "download":
            self._weights.download(spec.engine, context.progress, stop, spec.repo)
            return []
        repos = set(self._weights.status(spec.engine, spec.repo).repos)
        for engine in self._engines():
            if repos & {file.repo for file in engine.card.hub_files}:
                self._unload(engine.card.id)
        if spec.action == "delete":
            freed = self._weights.delete(spec.engine, spec.repo)
            context.progress(1.0, f"{freed / 1e9:.2f} GB came free")
        else:
            self._weights.move(spec.engine, Path(spec.root), context.progress, stop)
        return []

    def _unload(self, engine_id: str) -> None:
        if self._workers.residency(engine_id) is not WorkerState.COLD:
            self._workers.unload(engine_id)
