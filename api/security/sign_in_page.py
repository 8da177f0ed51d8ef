"""The page for people who come without the link: a field for the token, and nothing from anywhere else."""

from __future__ import annotations

from html import escape

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}

_STYLE = """
:root { color-scheme: light dark; --ground: #f6f5f1; --panel: #fff; --ink: #1d2320; --soft: #566059; --line: #9aa39c;
  --accent: #1f6a4d; --on-accent: #fff; --bad: #9c2a1c }
@media (prefers-color-scheme: dark) { :root { --ground: #141816; --panel: #1d2320; --ink: #eceee9; --soft: #a9b3ab;
  --line: #5d6861; --accent: #7fd1a8; --on-accent: #10201a; --bad: #ff9b8a } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 26rem; background: var(--panel); border-radius: 12px; padding: 2rem }
h1 { margin: 0 0 .25rem; font-size: 1.4rem }
p { margin: 0 0 1.25rem; color: var(--soft) }
p.bad { color: var(--bad); font-weight: 600 }
label { display: block; font-weight: 600; margin-bottom: .35rem }
input { width: 100%; padding: .65rem .75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--ground);
  color: inherit; font: 1rem ui-monospace, monospace }
button { margin-top: 1rem; width: 100%; padding: .7rem; border: 0; border-radius: 8px; background: var(--accent);
  color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer }
input:focus-visible, button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
code { font-size: .95em }
"""


def sign_in_page(action: str, trouble: str = "") -> str:
    """HTML of the page.

    Args:
        action: where the form goes.
        trouble: what was wrong with the last try, read out by screen readers.
    """
    told = f'<p class="bad" role="alert" id="trouble">{escape(trouble)}</p>' if trouble else ""
    marked = ' aria-invalid="true" aria-describedby="trouble"' if trouble else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        '<link rel="icon" href="data:,">'
        f"<title>Sign in · Greenroom</title><style>{_STYLE}</style></head><body><main>"
        "<h1>Greenroom</h1><p>This studio is open to those who have its token. It stands in the terminal in which the studio "
        f"was started, in the link and under the QR code.</p>{told}"
        f'<form method="post" action="{escape(action)}"><label for="token">Token</label>'
        f'<input id="token" name="token" type="password" required maxlength="256" autocomplete="current-password" '
        f'autocapitalize="off" spellcheck="false" autofocus{marked}>'
        '<button type="submit">Open the studio</button></form></main></body></html>'
    )
