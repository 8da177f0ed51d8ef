"""Calls about finished results."""

from __future__ import annotations

from pydantic import Field

from api.operations.answers.library import OutputAnswer, RecipeAnswer
from api.operations.context import OperationContext
from api.operations.jobs import MOST_LISTED, within
from api.operations.operation import Access, Group, Input
from studio.errors import NotFound

GROUP = Group("library", "Results", "What was made: its files, and how it was made.")


class OutputsInput(Input):
    limit: int = Field(50, description="At most so many, 1 to 1000.")


class OutputId(Input):
    output: str = Field(description="Its id as `outputs` lists it.")


@GROUP.operation(Access.READS, example={"limit": 5})
def outputs(context: OperationContext, call: OutputsInput) -> list[OutputAnswer]:
    """Results in the library, newest first."""
    found = context.studio.library.list(limit=within(call.limit, MOST_LISTED))
    return [OutputAnswer.of(output, context.links) for output in found]


@GROUP.operation(Access.DELETES, errors=(NotFound,), example={"output": "OUTPUT"})
def delete_output(context: OperationContext, call: OutputId) -> OutputAnswer:
    """Delete a result and its files."""
    found = context.studio.library.get(call.output)
    context.studio.library.delete(found.id)
    return OutputAnswer.of(found, context.links)


@GROUP.operation(Access.READS, errors=(NotFound,), example={"output": "OUTPUT"})
def recipe(context: OperationContext, call: OutputId) -> RecipeAnswer:
    """How an output was made: engine, versions, options, seed, inputs, licence; its `kind` and `spec` can go to `submit`."""
    return RecipeAnswer.model_validate(dict(context.studio.library.get(call.output).recipe))
