"""The doctor as a job: its report is kept in the data folder, so that the last one can be read at any time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from engines.contract import Tier
from studio.doctor import DoctorContext, run_checks
from studio.files import write_json
from studio.jobs.capability import CPU_LANE, GPU_LANE, Capability, JobContext
from studio.jobs.model import JobOutput
from studio.verification.verifiers import is_ready

if TYPE_CHECKING:
    from studio.services import Services

REPORT = "doctor.json"


class DoctorSpec(BaseModel):
    """No choices: everything is tested."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Doctor(Capability[DoctorSpec]):
    """The capability "doctor". It ends as done whatever it finds; the report describes the machine's state."""

    kind: ClassVar[str] = "doctor"
    Spec = DoctorSpec

    def __init__(self, studio: Services) -> None:
        self._studio = studio

    def prepare(self, spec: DoctorSpec) -> DoctorSpec:
        return spec

    def title(self, spec: DoctorSpec) -> str:
        return "Examine this machine"

    def lane(self, spec: DoctorSpec) -> str:
        """Return the GPU's lane if larger engines are tested, else the CPU's."""
        large = (engine for engine in self._studio.catalog.all() if engine.card.tier is not Tier.LIGHT)
        return GPU_LANE if any(is_ready(engine, self._studio.site) for engine in large) else CPU_LANE

    def run(self, spec: DoctorSpec, context: JobContext) -> list[JobOutput]:
        """Tries everything. After an interruption it begins anew: it takes a minute or two."""
        studio = self._studio
        examination = DoctorContext(
            studio.settings,
            studio.site,
            studio.paths.root,
            studio.catalog,
            studio.workers,
            studio.memory.gpu,
            check=context.check,
        )
        report = run_checks(examination, context.progress)
        write_json(report_path(studio.paths.root), report.as_dict())
        context.progress(1.0, report.sentence)
        return []


def report_path(data: Path) -> Path:
    return data / REPORT


def last_report(data: Path) -> dict[str, Any] | None:
    """Return the report of the last examination, None if there is none or it cannot be read."""
    try:
        found = json.loads(report_path(data).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "findings" in found else None
