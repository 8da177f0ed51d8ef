"""Calls for whoever looks after the studio: disk, log, doctor."""

from __future__ import annotations

from pydantic import Field

from api.operations.answers.machine import DiskAnswer, DoctorAnswer, FreedAnswer, LogRecordAnswer
from api.operations.context import OperationContext
from api.operations.files import FileRef
from api.operations.jobs import within
from api.operations.operation import Access, Group, Input, Nothing, Queue
from capabilities.setup.doctor import last_report
from studio.doctor.log_viewer import LEVELS, read_log
from studio.doctor.support_bundle import bundle_name
from studio.doctor.support_bundle import support_bundle as write_bundle
from studio.errors import InvalidInput, StorageError
from studio.files import write_atomic
from studio.library.quota import GIB

GROUP = Group("support", "Disk, log and doctor", "For whoever looks after the studio.")


class DiskInput(Input):
    fresh: bool = Field(False, description="Measure now; otherwise figures may be five minutes old.")


class FreeInput(Input):
    what: str = Field(description="outputs, segments, uploads, cache or logs.")


class LogInput(Input):
    name: str = Field("greenroom", description='"greenroom", or the id of an engine for what its workers printed.')
    level: str = Field("", description="INFO, WARNING or ERROR and above; empty for all.")
    text: str = Field("", description="Words that every record must hold.")
    limit: int = Field(100, description="At most so many, 1 to 1000.")


class DoctorInput(Input):
    fresh: bool = Field(
        True,
        description="False gives the last report at once, {} when there is none yet; true examines anew, a minute or two.",
    )


@GROUP.operation(Access.READS, tool=False, example={"fresh": True})
def disk(context: OperationContext, call: DiskInput) -> DiskAnswer:
    """What lies where in the data folder, and what of it can go; sizes in bytes."""
    return DiskAnswer.model_validate(context.studio.disk.report(fresh=call.fresh).as_dict())


@GROUP.operation(Access.DELETES, tool=False, errors=(StorageError,), example={"what": "logs"})
def free_disk(context: OperationContext, call: FreeInput) -> FreedAnswer:
    """Remove what can go under a name that `disk` lists, never what a job that has not ended needs."""
    freed = context.studio.disk.clear(call.what)
    return FreedAnswer(what=call.what, freed_bytes=freed, freed_gib=round(freed / GIB, 3))


@GROUP.operation(Access.READS, tool=False, example={"level": "WARNING", "limit": 20})
def log(context: OperationContext, call: LogInput) -> list[LogRecordAnswer]:
    """Records of a log, newest first, without secrets and home folders."""
    if call.level and call.level not in LEVELS:
        raise InvalidInput("log.level-unknown", level=call.level[:20], known=LEVELS)
    found = read_log(context.studio.paths.logs, call.name, call.level, call.text, within(call.limit, 1000))
    return [LogRecordAnswer.model_validate(record.as_dict()) for record in found]


@GROUP.operation(Access.WRITES, queue=Queue("doctor", 1), errors=(StorageError,), example={"fresh": False})
def doctor(context: OperationContext, call: DoctorInput) -> DoctorAnswer:
    """Find out why something does not work on this machine: everything the studio needs is tried (disk, formats, engines, GPU,
    ComfyUI), and what fails comes with a repair.

    Not needed before ordinary work; a call that was refused has said why. Every check has its state (ok, warning, failed,
    skipped), what was found, and the repair.
    """
    if call.fresh:
        context.finished("doctor", {})
    return DoctorAnswer.model_validate(last_report(context.studio.paths.root) or {})


@GROUP.operation(Access.WRITES, tool=False, errors=(StorageError,))
def support_bundle(context: OperationContext, call: Nothing) -> FileRef:
    """A ZIP for those who help: log, settings, versions, machine facts and the last jobs, without secrets, texts, names."""
    path = context.files.uploads / bundle_name()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, write_bundle(context.studio, context.studio.disk))
    return context.file(path, "/media/support-bundle")
