"""What a browser gets of the page's configuration: without what only clients of the API read.

Gradio gives a page the whole of it: a component that stands for each value of each public endpoint, and four descriptions of
every component for the page of its API. A browser builds, links and watches all of that. Clients ask /config, which stays whole
but for the descriptions that they do not read.
"""

from __future__ import annotations

from typing import Any

_OF_AN_ENDPOINT = "api"
"""The type of a component that stands for a value of a public endpoint."""

_READ_BY_NOBODY = ("api_info", "api_info_as_input", "api_info_as_output", "example_inputs")
"""Of a component of the page: gradio_client looks at them for endpoints alone, the page never."""

NO_CALLS: Any = {"named_endpoints": {}, "unnamed_endpoints": {}}
"""What a page is told of the API: it calls its handlers by number. /gradio_api/info tells clients."""


def lean(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a mounted page, changed in place: the lists that a browser gets (`config["page"]`) without public
    endpoints and their components, and components without the descriptions that nobody reads."""
    stand_ins = {one["id"] for one in config["components"] if one["type"] == _OF_AN_ENDPOINT}
    endpoints = {one["id"] for one in config["dependencies"] if not one["targets"] and one["api_visibility"] == "public"}
    for page in config["page"].values():
        page["components"] = [one for one in page["components"] if one not in stand_ins]
        page["dependencies"] = [one for one in page["dependencies"] if one not in endpoints]
        page["layout"] = _without(page["layout"], stand_ins)
    for component in config["components"]:
        if component["type"] != _OF_AN_ENDPOINT:
            component["component_class_id"] = ""  # by which only components of others are found
            for key in _READ_BY_NOBODY:
                component.pop(key, None)
    return config


def _without(node: dict[str, Any], gone: set[int]) -> dict[str, Any]:
    children = node.get("children")
    if not children:
        return node
    return {**node, "children": [_without(one, gone) for one in children if one["id"] not in gone]}
