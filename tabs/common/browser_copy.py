"""The page's configuration for browsers, without the parts that only API clients read.

Gradio's page contains a component for each value of each public endpoint, and four descriptions of every component for its API
page; a browser creates and watches all of them. Clients read /config, which remains complete except for descriptions that they
do not use.
"""

from __future__ import annotations

from typing import Any

_OF_AN_ENDPOINT = "api"
"""The type of the components of public endpoints."""

_READ_BY_NOBODY = ("api_info", "api_info_as_input", "api_info_as_output", "example_inputs")
"""Keys of components that are not used: gradio_client reads them for endpoints only, and the page never."""

_SAME_WHEN_MISSING = (
    "api_description", "collects_event_data", "component_prop_inputs", "event_specific_args", "js_implementation", "render_id",
    "rendered_in", "scroll_to_output", "time_limit", "trigger_after", "trigger_only_on_failure", "trigger_only_on_success",
)  # fmt: skip
"""Keys of a page's event that mean the same when they are missing as when they hold nothing or "no"; a third of its text."""

_OF_STREAMS = ("max_batch_size", "stream_every")
"""Keys that are read of events with arguments of their own only."""

_UNSEEN = "state"
"""The type of a component that is never drawn."""

NO_CALLS: Any = {"named_endpoints": {}, "unnamed_endpoints": {}}
"""The API information for a page, which calls its handlers by number. Clients use /gradio_api/info."""


def lean(config: dict[str, Any]) -> dict[str, Any]:
    """Reduce the configuration of a mounted page in place and return it. Removed are public endpoints and their components from
    the lists for browsers (`config["page"]`), unused descriptions of components, and the list of components that show the
    progress of an event, for events without visible progress.

    While a handler runs, the page updates every component of that list and searches the tree for each of them, whether they
    show progress or not. These events name a component that is not drawn instead.
    """
    stand_ins = {one["id"] for one in config["components"] if one["type"] == _OF_AN_ENDPOINT}
    endpoints = {one["id"] for one in config["dependencies"] if not one["targets"] and one["api_visibility"] == "public"}
    for page in config["page"].values():
        page["components"] = [one for one in page["components"] if one not in stand_ins]
        page["dependencies"] = [one for one in page["dependencies"] if one not in endpoints]
        page["layout"] = _without(page["layout"], stand_ins)
    for component in config["components"]:
        if component["type"] != _OF_AN_ENDPOINT:
            component["component_class_id"] = ""  # used for custom components only
            for key in _READ_BY_NOBODY:
                component.pop(key, None)
    unseen = [one["id"] for one in config["components"] if one["type"] == _UNSEEN][:1]
    for event in config["dependencies"]:
        if event["targets"]:
            _shorten(event)
        if unseen and event["show_progress"] == "hidden" and event["connection"] == "sse":
            event["show_progress_on"] = unseen
    return config


def _shorten(event: dict[str, Any]) -> None:
    """Remove the fields of an event that have their default value."""
    if not event.get("event_specific_args"):
        for key in _OF_STREAMS:
            event.pop(key, None)
    for key in _SAME_WHEN_MISSING:
        value = event.get(key)
        if value is None or value is False or value == []:  # 0 is the first event, which another may follow
            event.pop(key, None)


def _without(node: dict[str, Any], gone: set[int]) -> dict[str, Any]:
    children = node.get("children")
    if not children:
        return node
    return {**node, "children": [_without(one, gone) for one in children if one["id"] not in gone]}
