"""The sign-in page: a field for the token, without any other resource."""

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
    """Return the HTML of the page.

    Args:
        action: target of the form.
        trouble: the error of the last attempt, announced by screen readers.
    """
    return _PAGE.get_template("sign_in.html").render(action=action, trouble=trouble)
