"""The page for people who come without the link: a field for the token, and nothing from anywhere else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}

_PAGE = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def sign_in_page(action: str, trouble: str = "") -> str:
    """HTML of the page.

    Args:
        action: where the form goes.
        trouble: what was wrong with the last try, read out by screen readers.
    """
    return _PAGE.get_template("sign_in.html").render(action=action, trouble=trouble)
