"""Calls about templates of ComfyUI workflows."""

from __future__ import annotations

from pydantic import Field

from api.operations.answers.templates import ModelInventory, TemplateAnswer, TemplateDetail
from api.operations.context import OperationContext
from api.operations.files import InputFile
from api.operations.operation import Access, Group, Input, Nothing, Queue
from capabilities.character_swap.builtin import BUILTIN, builtin_as_dict
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.files import slug
from studio.workflows import Chosen, TemplateChecks, read_export, suggest_inputs, write_template
from studio.workflows import delete_template as delete_files

GROUP = Group("templates", "Templates", "Workflows of a ComfyUI server that the studio can run.")
COMFYUI = Queue("comfyui", 2)


class TemplateId(Input):
    template: str = Field(description="Its id as `templates` lists it.")


class ImportInput(Input):
    workflow: InputFile = Field(description="The exported JSON file.")
    title: str = Field(description="What the template shall be called; its id is made of it.")
    fields: list[str] = Field(
        [],
        description="Which of its places the form shall ask for, by the keys that this call names when one is not known; none "
        "takes the likely ones, files and the first settings.",
    )
    use: str = Field("other", description="character_swap, animate, lip_sync, upscale or other.")
    memory_gib: float = Field(
        0,
        description="What the server holds at its peak; 0 goes by the sizes of the model files. Where not all of those are known "
        "it stays 0, and a job takes what the server says is free.",
    )


@GROUP.operation(Access.READS)
def templates(context: OperationContext, call: Nothing) -> list[TemplateAnswer]:
    """Every template of character swaps: the built-in, the managed set, your own. A broken one says what is wrong with it.

    `template` tells whether your ComfyUI server can run it.
    """
    found = [builtin_as_dict(), *(template.as_dict() for template in context.studio.templates.all())]
    return [TemplateAnswer.model_validate(one) for one in found]


@GROUP.operation(Access.READS, queue=COMFYUI, errors=(NotFound,), example={"template": "wan22-animate-swap"})
def template(context: OperationContext, call: TemplateId) -> TemplateDetail:
    """One template, and all that is missing on your ComfyUI server to run it, each with where to get it."""
    if call.template == BUILTIN:
        ready = {"ready": True, "problems": [], "models": []}
        return TemplateDetail.model_validate({**builtin_as_dict(), "validation": ready})
    found = context.studio.templates.get(call.template)
    checked = TemplateChecks(context.studio.comfyui).validation(found, newest=True)
    return TemplateDetail.model_validate({**found.as_dict(), "validation": checked.as_dict()})


@GROUP.operation(
    Access.WRITES,
    queue=COMFYUI,
    errors=(GreenroomError,),
    example={"workflow": "@WORKFLOW", "title": "Mine"},
)
def import_template(context: OperationContext, call: ImportInput) -> TemplateAnswer:
    """Make a template of your own out of a workflow that ComfyUI exported, in the editor's format or the API's."""
    comfyui = context.studio.comfyui
    inventory = comfyui.inventory()
    graph = read_export(call.workflow, inventory.node_classes)
    found = suggest_inputs(graph, inventory.node_classes)
    unknown = set(call.fields) - {one.key for one in found}
    if unknown:
        known = ", ".join(one.key for one in found) or "nothing"
        raise InvalidInput("template.no-such-place", place=sorted(unknown)[0], known=known)
    chosen = [Chosen(one) for one in found if (one.key in call.fields if call.fields else one.likely)]
    name = slug(call.title, "template")[:60].strip("-")
    made = write_template(
        context.studio.paths.workflows, name, call.title.strip(), graph, chosen, inventory, use=call.use,
        memory_gib=call.memory_gib, roots=TemplateChecks(comfyui).roots(),
    )  # fmt: skip
    return TemplateAnswer.model_validate(made.as_dict())


@GROUP.operation(Access.DELETES, errors=(NotFound,), example={"template": "OWNTEMPLATE"})
def delete_template(context: OperationContext, call: TemplateId) -> TemplateAnswer:
    """Delete a template of your own, both files; those that ship with the studio stay."""
    found = context.studio.templates.get(call.template)
    told = TemplateAnswer.model_validate(found.as_dict())
    delete_files(found, context.studio.paths.workflows)
    return told


@GROUP.operation(Access.READS, queue=COMFYUI)
def comfyui_models(context: OperationContext, call: Nothing) -> ModelInventory:
    """Every model file that your ComfyUI server lists, by folder, and those in the model roots of this machine."""
    return ModelInventory.model_validate(TemplateChecks(context.studio.comfyui).models())
