"""A fold of the System tab's engine list: what may hold memory, a row each, under the same five heads."""

from __future__ import annotations


def holders(key: str, title: str, counted: str, first_head: str, rows: str, *, shown: bool) -> str:
    """
    Args:
        key: of the fold, so that the page keeps it open. counted: said beside the title. rows: of five cells each, as HTML.
    """
    heads = "".join(f"<th>{head}</th>" for head in (first_head, "State", "Holds", "Idle", ""))
    return (
        f'<details class="fold" data-fold="group:{key}"{" open" if shown else ""}>'
        f"<summary><b>{title}</b> <small>{counted}</small></summary>"
        f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>'
    )
