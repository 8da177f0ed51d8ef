"""The look: one set of colour tokens for light and dark, mapped onto Gradio's theme, with bundled fonts.

Gradio's SemiBold font files contain no Latin letters, so the theme uses only weights of the bundled variable fonts (400 to
700).
"""

from __future__ import annotations

import inspect
from pathlib import Path

import gradio as gr

from tabs.common.scripts import script_address
from tabs.common.templating import render

STYLES = Path(__file__).parent / "static" / "styles"
FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"
FONT_ROUTE = "fonts"
"""Path at which the app serves assets/fonts, relative to the page as in static/styles/fonts.css: it works behind a proxy too."""

# Gradio's theme key -> our token; each is set for light and dark alike, because the token itself changes with the mode.
_COLOURS = {
    "body_background_fill": "bg", "body_text_color": "ink", "body_text_color_subdued": "soft",
    "background_fill_primary": "panel", "background_fill_secondary": "bg", "block_background_fill": "panel",
    "block_border_color": "line", "block_label_background_fill": "panel", "block_label_text_color": "soft",
    "block_title_text_color": "soft", "block_info_text_color": "soft", "border_color_primary": "line",
    "border_color_accent": "accent", "color_accent": "accent", "color_accent_soft": "accent-soft",
    "input_background_fill": "well", "input_background_fill_focus": "well", "input_border_color": "line-strong",
    "input_border_color_focus": "accent", "input_border_color_hover": "line-strong", "input_placeholder_color": "faint",
    "panel_background_fill": "panel", "panel_border_color": "line", "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent-hover", "button_primary_text_color": "on-accent",
    "button_primary_text_color_hover": "on-accent", "button_primary_border_color": "accent",
    "button_secondary_background_fill": "raised", "button_secondary_background_fill_hover": "raised-hover",
    "button_secondary_text_color": "ink", "button_secondary_text_color_hover": "ink",
    "button_secondary_border_color": "line-strong", "button_cancel_background_fill": "raised",
    "button_cancel_background_fill_hover": "danger-soft", "button_cancel_text_color": "danger",
    "button_cancel_text_color_hover": "danger", "button_cancel_border_color": "line-strong",
    "table_even_background_fill": "panel", "table_odd_background_fill": "panel", "table_border_color": "line",
    "table_text_color": "ink", "table_row_focus": "accent-soft", "checkbox_background_color": "well",
    "checkbox_background_color_selected": "accent", "checkbox_border_color": "line-strong",
    "checkbox_border_color_selected": "accent", "checkbox_border_color_focus": "accent",
    "checkbox_label_background_fill": "raised", "checkbox_label_background_fill_hover": "raised-hover",
    "checkbox_label_background_fill_selected": "accent-soft", "checkbox_label_border_color": "line-strong",
    "checkbox_label_border_color_selected": "accent", "checkbox_label_text_color": "ink",
    "checkbox_label_text_color_selected": "ink", "slider_color": "accent", "loader_color": "accent",
    "stat_background_fill": "accent", "code_background_fill": "well", "link_text_color": "accent-text",
    "link_text_color_hover": "accent-text", "link_text_color_visited": "accent-text", "link_text_color_active": "accent-text",
    "accordion_text_color": "ink", "error_background_fill": "danger-soft", "error_border_color": "danger",
    "error_text_color": "danger", "error_icon_color": "danger",
}  # fmt: skip

_SHAPES = {
    "block_shadow": "none", "button_primary_shadow": "none", "button_secondary_shadow": "none", "input_shadow": "none",
    "input_shadow_focus": "0 0 0 3px var(--g-focus)", "checkbox_label_shadow": "none", "block_label_border_width": "0px",
    "block_border_width": "1px", "button_border_width": "1px", "checkbox_label_border_width": "1px", "panel_border_width": "1px",
}  # fmt: skip

_WEIGHTS = {
    "prose_header_text_weight": "650", "section_header_text_weight": "600", "button_large_text_weight": "650",
    "button_medium_text_weight": "500", "button_small_text_weight": "500", "block_title_text_weight": "500",
    "block_label_text_weight": "500", "checkbox_label_text_weight": "400", "block_info_text_weight": "400",
    "body_text_weight": "400", "input_text_weight": "400", "prose_text_weight": "400",
}  # fmt: skip


def theme() -> gr.themes.Base:
    """Return Gradio's theme with the colours of static/styles/tokens.css."""
    base = gr.themes.Base(
        radius_size="lg",
        spacing_size="md",
        font=["Hanken Grotesk", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
    )
    known = inspect.signature(base.set).parameters
    values = {key: f"var(--g-{token})" for key, token in _COLOURS.items()} | _SHAPES | _WEIGHTS
    dark = {f"{key}_dark": value for key, value in values.items() if f"{key}_dark" in known}
    return base.set(**values, **dark)


def css() -> str:
    """Return the page's style sheet: font faces, colour tokens, layout."""
    names = ("fonts", "tokens", "layout", "pieces", "rehearsal", "talk", "past_talks", "director", "settings")
    return "\n".join((STYLES / f"{name}.css").read_text("utf-8") for name in names)


def head() -> str:
    """Return the beginning of the page's head, with the script that runs before the first paint."""
    return render("common/head.html", fonts=FONT_ROUTE, script=script_address())
