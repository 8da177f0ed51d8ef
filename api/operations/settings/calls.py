"""Calls about the settings that are changed while the studio runs."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.operations.context import OperationContext
from api.operations.operation import Access, Answer, Group, Input, Nothing, Queue
from studio.comfyui.errors import ComfyUIMissing, ComfyUIUnreachable, UnexpectedAnswer
from studio.errors import SettingsError
from studio.units import GIB

GROUP = Group("settings", "Settings", "What may be changed while the studio runs; everything else stands in settings.yaml.")
TRYING = Queue("comfyui-test", 1)
MOST = 100


class SettingAnswer(Answer):
    """One setting."""

    name: str = Field(description="As `group.name`; the reference of settings tells what it is.")
    value: Any = Field(description="What counts now, or after the next start where `waits` is true. Null for a secret.")
    usual: Any = Field(description="What counts when the choice is taken back. Null for a secret.")
    source: str = Field(description='"settings.yaml", "settings.local.yaml" or "a variable of the environment".')
    effect: str = Field(description='From when on a change counts: "now" or "after a restart".')
    is_set: bool = Field(description="Whether there is a value; of a secret this is all that is told.")
    secret: bool
    waits: bool = Field(description="It was changed since the start, and counts after the next one.")


class SettingsUpdate(Input):
    settings: dict[str, Any] = Field(
        description="Values by `group.name`; null goes back to what settings.yaml says. All are changed, or none.",
        max_length=MOST,
    )


class ComfyUIAnswer(Answer):
    """A ComfyUI server that answered."""

    url: str = Field(description="Empty for the studio's own.")
    version: str
    device: str = Field(description="What it computes with.")
    free_gib: float | None = Field(description="Of that device, by its own word; null where it does not say.")
    node_types: int = Field(description="How many kinds of node it knows.")


@GROUP.operation(Access.READS, tool=False, errors=(SettingsError,))
def settings(context: OperationContext, call: Nothing) -> list[SettingAnswer]:
    """The settings that may be changed while the studio runs, where each value comes from, and from when on a change counts.

    Variables of the environment (GREENROOM_…) count before what was chosen, and that before settings.yaml. The access token is
    never told.
    """
    return [
        SettingAnswer(
            name=one.name, value=one.value, usual=one.usual, source=one.source.value, effect=one.effect.value,
            is_set=one.is_set, secret=one.secret, waits=one.waits,
        )
        for one in context.studio.preferences.states()
    ]  # fmt: skip


@GROUP.operation(Access.WRITES, tool=False, errors=(SettingsError,), example={"settings": {"voiceover.loudness": -16}})
def update_settings(context: OperationContext, call: SettingsUpdate) -> list[SettingAnswer]:
    """Change settings, and keep them in settings.local.yaml of the data folder; settings.yaml stays as it is.

    It is no tool of language models: how a studio is run is a person's choice.
    """
    context.studio.preferences.choose(call.settings)
    return settings(context, Nothing())


@GROUP.operation(Access.WRITES, queue=TRYING, tool=False, errors=(ComfyUIMissing, ComfyUIUnreachable, UnexpectedAnswer))
def test_comfyui(context: OperationContext, call: Nothing) -> ComfyUIAnswer:
    """Ask the ComfyUI server what it is; the studio's own is started for that, if it does not run."""
    comfyui = context.studio.comfyui
    client = comfyui.client()
    stats = client.stats()
    device = next(iter(stats.devices), None)
    return ComfyUIAnswer(
        url=comfyui.settings.url,
        version=stats.version or "",
        device=device.name if device is not None else "",
        free_gib=round(device.vram_free / GIB, 2) if device is not None and device.vram_free else None,
        node_types=len(comfyui.inventory(newest=True).node_classes),
    )
