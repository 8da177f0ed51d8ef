"""What holds on every screen: names for screen readers, the keyboard, narrow and wide windows, light and dark."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey

NAMELESS = """() => [...document.querySelectorAll('button, input, textarea, select, [role=button], [role=tab]')]
  .filter(e => e.offsetParent !== null && !e.closest('footer') && e.type !== 'file')
  .filter(e => !(e.getAttribute('aria-label') || e.getAttribute('title') || (e.labels && e.labels.length)
     || e.textContent.trim() || document.getElementById(e.getAttribute('aria-labelledby'))))
  .map(e => e.outerHTML.slice(0, 200))"""

CONTRAST = """() => {
  const lum = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => c.startsWith('color(') ? v : v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b }
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor
    if (!/rgba\\(.*, 0\\)|transparent/.test(c)) return c } return 'rgb(255, 255, 255)' }
  return [...document.querySelectorAll('.g span, .g small, .g b, .g h2, .g h3, .g td, .g th, label > span, button')]
    .filter(e => e.offsetParent !== null && e.textContent.trim() && !e.disabled && !e.closest('footer, .visually-hidden'))
    .map(e => { const a = lum(getComputedStyle(e).color), b = lum(ground(e))
      return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.textContent.trim().slice(0, 40), e.className] })
    .filter(([ratio]) => ratio < 4.5)
}"""

SETTLED = """() => Promise.all(document.getAnimations().map(one => one.finished.catch(() => 0)))
  .then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))"""

SCREENS = {
    "Director": "#director-topic",
    "Voiceover": "#script textarea", "Conversation": "#stage .empty",
    "Lip-sync": "#face-go", "Text-to-Video": "#video-fit .counts", "Character Swap": "#swap-go",
    "System": "#memory .membar",
}  # fmt: skip
"""Each tab, and what shows that it is drawn."""


AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
VIOLATIONS = """() => axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations
  .filter(one => one.impact !== 'minor')
  .map(one => `${one.id} (${one.impact}): ${one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')}`))"""
ZONES_NAMED = """() => [...document.querySelectorAll('.block button[aria-label]')]
  .filter(zone => zone.offsetParent !== null && zone.querySelector('input[type=file], .wrap'))
  .every(zone => zone.getAttribute('aria-label').includes(zone.textContent.replace(/\\s+/g, ' ').trim()))"""
"""The page mends the names of Gradio's drop zones each second; the words in them must be among them by then."""

SECTIONS = {
    "Voiceover": ("Batch", "Voices", "Transcribe", "Script"),
    "System": ("Jobs", "Models", "Disk", "Doctor", "Log", "Engines"),
}


def _open(page: Any, screen: str) -> None:
    """A tab by its name; all of them are in sight, however narrow the window is."""
    page.get_by_role("tab", name=screen, exact=True).first.click()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_screen_fits_and_can_be_read(page: Any, mode: str) -> None:
    """In windows of any width, each opened screen first as the window is, then at once as it is made narrower or wider."""
    page.emulate_media(color_scheme=mode)
    page.wait_for_function("dark => document.body.classList.contains('dark') === dark", arg=mode == "dark")
    for screen, sign in SCREENS.items():
        _open(page, screen)
        page.locator(sign).first.wait_for()
        for width in (1280, 360, 3840):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function("width => innerWidth === width && document.documentElement.scrollWidth <= width", arg=width)
            page.evaluate(SETTLED)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, screen
            assert page.evaluate(NAMELESS) == [], screen
            assert page.evaluate(CONTRAST) == [], screen
        page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_nothing_stands_in_the_way_of_a_screen_reader(page: Any, mode: str) -> None:
    """What axe-core finds on every view, best practices included: headings in order, names that hold what is seen, contrast."""
    page.emulate_media(color_scheme=mode)
    page.locator("#example").click()
    page.locator("#counts b").first.wait_for()
    page.locator("#go").click()
    page.locator("#card .chip.done").first.wait_for(timeout=120_000)
    page.evaluate(AXE)
    for screen, sign in SCREENS.items():
        _open(page, screen)
        page.locator(sign).first.wait_for()
        for section in SECTIONS.get(screen, ("",)):
            if section:
                page.get_by_role("tab", name=section, exact=True).click()
            page.wait_for_function(ZONES_NAMED)
            page.evaluate(SETTLED)
            assert page.evaluate(VIOLATIONS) == [], f"{screen} {section}"


def test_the_keyboard_reaches_the_work(page: Any) -> None:
    """Tab alone gets from the top of the page to the script and to Generate."""
    page.locator("body").press("Tab")
    reached = []
    for _ in range(60):
        reached.append(
            page.evaluate("document.activeElement.closest('[id]')?.id + ' ' + (document.activeElement.textContent || '').trim()")
        )
        page.keyboard.press("Tab")
    said = " | ".join(reached)
    assert "script" in said and "Generate" in said
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys of the keyboard")
    expect(keys.get_by_role("button", name="Close")).to_be_focused()
    page.evaluate(AXE)
    page.evaluate(SETTLED)
    assert page.evaluate(VIOLATIONS) == []
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    page.keyboard.press("4")
    expect(page.get_by_role("tab", name="Lip-sync", exact=True)).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Voiceover", exact=True).click()
    page.locator("#script textarea").press("4")
    expect(page.locator("#script textarea")).to_have_value("4")


def test_the_colour_mode_can_be_switched_and_stays(page: Any) -> None:
    dark = "document.body.classList.contains('dark')"
    before = page.evaluate(dark)
    page.get_by_role("button", name="Switch between light and dark").click()
    page.wait_for_function(f"{dark} !== {str(before).lower()}")
    page.reload()
    page.get_by_role("button", name="Generate", exact=True).wait_for()
    page.wait_for_function(f"{dark} !== {str(before).lower()}")


def test_the_system_tab_loads_and_unloads(page: Any) -> None:
    page.get_by_role("tab", name="System", exact=True).click()
    page.locator("#memory .membar").wait_for()
    row = page.locator("#engines tr").filter(has_text="eSpeak NG").first
    expect(row.get_by_role("button", name=re.compile("^(Load|Unload) eSpeak NG$"))).to_have_count(1)
    if row.get_by_role("button", name="Unload eSpeak NG").count():
        row.get_by_role("button", name="Unload eSpeak NG").click()
    row.get_by_role("button", name="Load eSpeak NG", exact=True).click()
    row.get_by_role("button", name="Unload eSpeak NG", exact=True).wait_for()
    row.get_by_role("button", name="Unload eSpeak NG", exact=True).click()
    row.get_by_role("button", name="Load eSpeak NG", exact=True).wait_for()
    page.locator("#engines").get_by_text("Given back").wait_for()
