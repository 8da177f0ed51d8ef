"""Calls about engines and the memory that they take."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import Field

from api.operations.answers.machine import (
    EngineAnswer,
    EnvironmentAnswer,
    IdleAnswer,
    MachineEventAnswer,
    MemoryAnswer,
    MemoryReadingAnswer,
    RunTimeAnswer,
    UnloadAnswer,
    WeightsAnswer,
)
from api.operations.context import OperationContext
from api.operations.jobs import within
from api.operations.operation import Access, Group, Input, Nothing, Queue
from studio.comfyui.memory_request import COMFYUI_ID
from studio.errors import EngineNotReady, MemoryRefused, NotFound
from studio.weights import EngineWeights

GROUP = Group("engines", "Engines and memory", "What can work here, whether it is ready, and what it takes.")


class EngineId(Input):
    engine: str = Field(description="Its id as `engines` lists it.")


class UnloadInput(Input):
    engine: str = Field(description='Its id as `engines` lists it; "comfyui" has a ComfyUI server unload its models.')


class EventsInput(Input):
    limit: int = Field(50, description="At most so many, 1 to 200.")


class IdleInput(EngineId):
    seconds: float = Field(-1, description="0 keeps it warm; a negative number goes back to what the settings say.")


@GROUP.operation(Access.READS)
def engines(context: OperationContext, call: Nothing) -> list[EngineAnswer]:
    """Every engine: what it does, whether it is ready and if not what is missing, whether it is in memory, its options."""
    return [EngineAnswer.model_validate(status.as_dict()) for status in context.studio.engines.statuses()]


@GROUP.operation(
    Access.WRITES,
    queue=Queue("load", 1),
    tool=False,
    errors=(NotFound, EngineNotReady, MemoryRefused),
    example={"engine": "espeak"},
)
def load(context: OperationContext, call: EngineId) -> EngineAnswer:
    """Bring an engine into memory ahead of its first job."""
    return EngineAnswer.model_validate(context.studio.engines.load(call.engine).as_dict())


@GROUP.operation(Access.WRITES, tool=False, errors=(NotFound,), example={"engine": "espeak"})
def unload(context: OperationContext, call: UnloadInput) -> UnloadAnswer:
    """End an engine's workers and say how much memory came back."""
    studio = context.studio
    report = studio.comfyui.unload() if call.engine == COMFYUI_ID else studio.engines.unload(call.engine)
    return UnloadAnswer.model_validate(asdict(report))


@GROUP.operation(Access.READS, tool=False)
def memory(context: OperationContext, call: Nothing) -> MemoryAnswer:
    """The shared memory pool: size, use, reserve, what each worker holds, and whether each tier would be admitted now."""
    return MemoryAnswer.model_validate(context.studio.memory.report())


@GROUP.operation(Access.READS, tool=False)
def memory_history(context: OperationContext, call: Nothing) -> list[MemoryReadingAnswer]:
    """Memory over the last hour, oldest first: time, used, available, swap and card's memory in GiB, pressure in percent."""
    return [MemoryReadingAnswer.model_validate(one) for one in context.studio.memory.history()]


@GROUP.operation(Access.READS, tool=False, example={"limit": 10})
def machine_events(context: OperationContext, call: EventsInput) -> list[MachineEventAnswer]:
    """What happened to the machine's memory and heat, newest first: limits crossed, engines ended or unloaded, pauses."""
    found = context.studio.memory.events.newest(within(call.limit, 200))
    return [MachineEventAnswer.model_validate(event.as_dict()) for event in found]


@GROUP.operation(Access.WRITES, tool=False, errors=(NotFound,), example={"engine": "espeak", "seconds": 60})
def set_idle(context: OperationContext, call: IdleInput) -> IdleAnswer:
    """How long an engine may stay in memory without being used."""
    workers = context.studio.workers
    workers.set_idle(call.engine, None if call.seconds < 0 else call.seconds)
    card = context.studio.catalog.get(call.engine).card
    return IdleAnswer(engine=card.id, idle_seconds=workers.idle.of(card), chosen=workers.idle.chosen(card.id) is not None)


@GROUP.operation(Access.READS, tool=False)
def environments(context: OperationContext, call: Nothing) -> list[EnvironmentAnswer]:
    """The model environments and how each stands. `submit` with the kind install_environment installs or removes one."""
    return [
        EnvironmentAnswer(
            name=row.name, state=row.state.value, sentence=row.sentence, next_step=row.next_step, size_bytes=row.size_bytes
        )
        for row in context.studio.environments.statuses()
    ]


@GROUP.operation(Access.READS, tool=False)
def weights(context: OperationContext, call: Nothing) -> list[WeightsAnswer]:
    """The weights of every engine that has some, with sizes and licence. `submit` with the kind download_weights gets or
    deletes them."""
    return [_weights(one) for one in context.studio.weights.statuses()]


@GROUP.operation(Access.READS, tool=False)
def run_times(context: OperationContext, call: Nothing) -> list[RunTimeAnswer]:
    """What work takes on this machine, learned from finished jobs, and how far estimates were off."""
    return [
        RunTimeAnswer.model_validate(
            {**asdict(one.work), "runs": one.runs, "seconds": one.seconds, "low": one.low, "high": one.high,
             "off": one.off, "judged": one.judged}
        ) for one in context.studio.estimate_accuracy()
    ]  # fmt: skip


def _weights(one: EngineWeights) -> WeightsAnswer:
    licence = one.card.weights_licence
    return WeightsAnswer(
        engine=one.card.id, state=one.state.value, size_bytes=one.whole_bytes, here_bytes=one.here_bytes, licence=licence.name,
        commercial_use=licence.commercial_use, gated=one.gated, repos=list(one.repos),
    )  # fmt: skip
