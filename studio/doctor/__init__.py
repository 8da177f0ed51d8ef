"""The doctor: tries what the studio needs of this machine, and names a repair for what does not work."""

from studio.doctor.examination import Examination, examine
from studio.doctor.report import Finding, Outcome, Report

__all__ = ["Examination", "Finding", "Outcome", "Report", "examine"]
