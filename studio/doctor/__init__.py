"""The doctor: checks what the studio needs on this machine, and names a repair for every failure."""

from studio.doctor.context import DoctorContext
from studio.doctor.examination import run_checks
from studio.doctor.report import CheckResult, CheckStatus, DoctorReport

__all__ = ["DoctorContext", "CheckResult", "CheckStatus", "DoctorReport", "run_checks"]
