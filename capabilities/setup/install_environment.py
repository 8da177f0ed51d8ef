"""Installing and removing a model environment as jobs: they survive a restart of the server and show on a card."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.errors import InvalidInput
from studio.jobs.capability import SETUP_LANE, Capability, JobContext
from studio.jobs.model import JobOutput
from studio.services import Services
from studio.workers.model import WorkerState


class InstallSpec(BaseModel):
    """A job on an environment.

    Args:
        name: of the environment.
        action: "install" also repairs; "remove" deletes it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: str = Field(max_length=100)
    action: Literal["install", "remove"] = "install"


class InstallEnvironment(Capability[InstallSpec]):
    """The capability "install_environment". The engines of an environment are unloaded before it is changed."""

    kind: ClassVar[str] = "install_environment"
    Spec = InstallSpec

    def __init__(self, services: Services) -> None:
        self._environments, self._engines, self._workers = services.environments, services.catalog.all, services.workers

    def prepare(self, spec: InstallSpec) -> InstallSpec:
        """
        Raises:
            NotFound: no such environment. InvalidInput: there is nothing to do, or it is being done.
        """
        self._environments.declared(spec.name)
        status = self._environments.status(spec.name)
        if status.state == "installing":
            raise InvalidInput("environment.busy", why=status.why)
        if spec.action == "install" and status.ready:
            raise InvalidInput("environment.is-ready", environment=spec.name)
        if spec.action == "remove" and status.state == "absent":
            raise InvalidInput("environment.absent", why=status.why)
        return spec

    def title(self, spec: InstallSpec) -> str:
        done = {"install": "Install", "remove": "Remove"}[spec.action]
        return f'{done} the environment "{spec.name}"'

    def lane(self, spec: InstallSpec) -> str:
        return SETUP_LANE

    def run(self, spec: InstallSpec, context: JobContext) -> list[JobOutput]:
        """Have it ready, or gone. After an interruption it is made anew, from what was downloaded before."""
        stop = Stop(context)
        if not self._environments.status(spec.name).ready or spec.action == "remove":
            self._unload_engines(spec.name)
        if spec.action == "remove":
            self._environments.remove(spec.name, stop)
            context.progress(1.0, "Removed")
        else:
            self._environments.install(spec.name, context.progress, stop)
        return []

    def _unload_engines(self, name: str) -> None:
        for engine in self._engines():
            if engine.card.environment == name and self._workers.residency(engine.card.id) is not WorkerState.COLD:
                self._workers.unload(engine.card.id)


class Stop:
    """Tells whether the user has cancelled the job, for code that takes a function for this."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    def __call__(self) -> bool:
        self._context.check()  # raises Cancelled, which is what the answer would become
        return False
