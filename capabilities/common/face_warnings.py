"""Warnings of a finished face job, shown with its result."""

from __future__ import annotations

from capabilities.common.rendering import RenderReport
from studio.jobs.capability import JobContext

LOOSE_SYNC = 0.6
"""Correlation of the mouth with the speech below which a warning is given."""
_LIKE_A_PERSON = 0.88
"""People are found with 0.9 and more, painted and drawn ones too; dogs, llamas and monkeys with 0.55 to 0.85, and covered faces
with about as much."""
_MUCH = 0.25
"""The share of pictures without an edit from which a warning is given."""


def face_warnings(report: RenderReport, likeness: float | None = None, what: str = "speech") -> tuple[str, ...]:
    """Return sentences about possible defects of a result, () if there are none.

    Args:
        likeness: the confidence that the chosen face is human, 0 to 1; None if it was not measured.
        what: what the mouth follows.
    """
    found: list[str] = []
    if likeness is not None and likeness < _LIKE_A_PERSON:
        found.append("The face may not be a person's, or is partly hidden: look whether its mouth is where it should be.")
    if report.audible is False:
        found.append("The sound of this video is silent.")
    if report.correlation is not None and report.correlation < LOOSE_SYNC:
        found.append(
            f"The mouth follows the {what} only loosely (sync {max(0.0, report.correlation):.2f} of 1): look before you use it."
        )
    left = report.frames - report.edited
    if not report.edited:
        found.append("No picture was changed: no face was found in this part.")
    elif left > _MUCH * report.frames:
        found.append(
            f"{left:,} of {report.frames:,} pictures were left as they were: no face was found in them, or it was hidden."
        )
    return tuple(found)


def warned(context: JobContext, warnings: tuple[str, ...]) -> tuple[str, ...]:
    """Report the same as a warning of the job."""
    for sentence in warnings:
        context.warn(sentence)
    return warnings
