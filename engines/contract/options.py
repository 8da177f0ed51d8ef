"""An engine's options: one pydantic model each, whose fields hold everything that the page, the API and the documents show."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict


class EngineOptions(BaseModel):
    """Base of every engine's options: an unknown or out-of-range key is refused, naming the key."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def option(
    default: Any,
    title: str,
    description: str,
    *,
    common: bool = False,
    reload: bool = False,
    unit: str = "",
    hidden_with: dict[str, list[Any]] | None = None,
    only_for: str = "",
    **limits: Any,
) -> Any:
    """A field of an engine's options, written once and shown by every page, API and document.

    Args:
        common: shown open in the tab; the rest is folded under "Advanced".
        reload: changing it needs a fresh worker (another variant of the weights, say).
        unit: shown beside the number.
        hidden_with: values of other options with which this one does not apply; a page hides it then and sends its default.
        only_for: the one method of a capability that has several (lip_sync, animate) which looks at it; "" for all of them.
        limits: ge, le, multiple_of and the like, as pydantic's Field takes them.
    """
    extra: JsonDict = {"common": common, "reload": reload, "unit": unit}
    if hidden_with:
        extra["hidden_with"] = dict(hidden_with)
    if only_for:
        extra["only_for"] = only_for
    return Field(default, title=title, description=description, json_schema_extra=extra, **limits)
