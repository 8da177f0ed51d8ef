"""The preview of a running video job."""

from __future__ import annotations

import base64

from capabilities.common.preview import PREVIEW
from studio.jobs.model import Job
from studio.services import Services
from tabs.common.templating import render


def preview(studio: Services, job: Job, told: str) -> str:
    """Return the HTML of the preview, or "".

    Args:
        told: its alternative text.
    """
    try:
        picture = (studio.paths.scratch / job.id / PREVIEW).read_bytes()
    except OSError:
        return ""
    return render("common/jobs/preview.html", picture=base64.b64encode(picture).decode("ascii"), told=told)
