"""An engine's options: a pydantic model, whose fields contain everything that the page, the API and the documents show."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict


class EngineOptions(BaseModel):
    """Base class of every engine's options. An unknown key or a value out of range is refused, naming the key."""

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
    """Declare a field of an engine's options, once for all pages, the API and the documents.

    Args:
        common: shown directly in the tab; the others are folded under "Advanced".
        reload: changing it needs a new worker (for another variant of the weights, for example).
        unit: shown beside the number.
        hidden_with: values of other options with which this one does not apply; a page then hides it and sends its default.
        only_for: the only method of a capability with several (lip_sync, animate) that uses it; "" for all of them.
        limits: ge, le, multiple_of and the like, as pydantic's Field takes them.
    """
    extra: JsonDict = {"common": common, "reload": reload, "unit": unit}
    if hidden_with:
        extra["hidden_with"] = dict(hidden_with)
    if only_for:
        extra["only_for"] = only_for
    return Field(default, title=title, description=description, json_schema_extra=extra, **limits)
