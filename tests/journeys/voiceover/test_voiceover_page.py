"""What a person does in the Voiceover tab, in a real browser."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyloudnorm
import pytest
import soundfile
from playwright.sync_api import expect

from media.audio.audio import Audio
from media.audio.loudness import true_peak
from media.text.formats import parse_srt
from tests.browser import held_back, new_context, until, until_quiet
from tests.repository.sources import ROOT
from tests.servers import RunningStudio, long_script

pytestmark = pytest.mark.journey
SHORT = """Narrator: The tide goes out at four. It comes back at ten.

Ada: Then we have six hours.

Narrator: We have.

Ada: Good."""

DRAWN_ANEW = """() => {
  delete document.querySelector('#player .player').dataset.mounted
  greenroom.mountPlayer(document.querySelector('#player'))
}"""
"""What a drawing anew comes to that keeps the player and takes away the mark that it is ready: a click must not count twice."""

EMPTIED = """() => {
  const area = document.querySelector('#script textarea')
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(area, '')
  area.dispatchEvent(new Event('input', { bubbles: true }))
}"""
"""What a page that is slow to be built does to a box in which nobody has written since."""

DRAFT_BEGINS = """words => new Promise(done => { const asked = indexedDB.open('greenroom'); asked.onsuccess = () => {
  const draft = asked.result.transaction('drafts').objectStore('drafts').get('script')
  draft.onsuccess = () => { asked.result.close(); done(Boolean(draft.result && draft.result.text.startsWith(words))) } } })"""
"""Whether the browser keeps a script that begins with such words."""


def write_script(page: Any, text: str) -> None:
    page.locator("#script textarea").fill(text)
    page.locator("#counts b").first.wait_for()


def generate(page: Any) -> None:
    page.get_by_role("button", name="Generate", exact=True).click()


def wait_for_state(page: Any, state: str, seconds: float = 60) -> None:
    page.locator(f"#card .chip.{state}").first.wait_for(timeout=seconds * 1000)


def stop_everything(client: Any) -> None:
    for job in client.predict("", 50, api_name="/jobs"):
        if job["state"] in ("queued", "waiting", "loading", "running"):
            client.predict(job["id"], api_name="/cancel")


def test_a_narration_from_the_page(page: Any, tmp_path: Path) -> None:
    """The promise of the README: a script with speakers and a chapter becomes a levelled, subtitled narration. The whole of
    this text goes through the server in tests/capabilities/voiceover/test_narration.py."""
    whole = (ROOT / "tests/data/narration.txt").read_text("utf-8")
    write_script(page, whole[whole.index("# A Mad Tea-Party") : whole.index("You might just as well say")])
    expect(page.locator("#cast")).to_be_visible()
    own = re.compile("^(?!A speaker, as chosen above|Just text: read aloud).")
    expect(page.get_by_label("Alice", exact=True), "that voice is the narrator's").to_have_value(own)
    expect(page.locator("#example"), "it would take the script's place").to_be_hidden()
    generate(page)
    page.locator("#detail .item").first.wait_for()
    wait_for_state(page, "done", 120)
    page.locator("#player .player").wait_for()
    with page.expect_download() as sound:
        page.locator("#player .downloads a").first.click()
    with page.expect_download() as titles:
        page.locator("#player .downloads a").nth(1).click()
    with page.expect_download() as signed:
        page.locator("#player .downloads").get_by_role("link", name="Signed copy").click()
    assert b"studio.greenroom.recipe" in Path(signed.value.path()).read_bytes()
    wav, srt = tmp_path / "narration.wav", tmp_path / "narration.srt"
    sound.value.save_as(wav)
    titles.value.save_as(srt)
    samples, rate = soundfile.read(wav, dtype="float32", always_2d=True)
    assert pyloudnorm.Meter(rate).integrated_loudness(samples) == pytest.approx(-16, abs=0.5)
    assert true_peak(Audio(samples, rate)) <= -1.0 + 0.05
    cues = parse_srt(srt.read_text("utf-8"))
    assert all(cue.start < cue.end for cue in cues)
    assert all(earlier.end <= later.start for earlier, later in pairwise(cues))
    length = len(samples) / rate
    assert cues[-1].end <= length + 0.01
    assert sum(cue.end - cue.start for cue in cues) > 0.7 * length


def test_the_result_plays_with_its_words(page: Any) -> None:
    write_script(page, SHORT)
    generate(page)
    wait_for_state(page, "done")
    page.locator("#player .player[data-mounted]").wait_for()
    page.evaluate(DRAWN_ANEW)
    page.locator("#player .play").click()
    page.wait_for_function("() => document.querySelector('#player audio')?.currentTime > 0.4")
    page.locator("#player .caption").filter(has_text=re.compile("tide")).wait_for()
    page.locator("#player .play").click()
    assert page.evaluate("document.querySelector('#player audio').paused")


def test_one_sentence_edited_and_another_taken_again(page: Any) -> None:
    write_script(page, SHORT)
    generate(page)
    wait_for_state(page, "done")
    until_quiet(page)
    page.get_by_role("button", name="Edit sentence 2", exact=True).click()
    page.wait_for_function("() => document.activeElement.closest('.item [data-form]')")
    page.keyboard.press("Escape")
    page.locator("#detail [data-form]").locator("visible=true").wait_for(state="detached")
    page.get_by_role("button", name="Edit sentence 2", exact=True).click()
    page.wait_for_function("() => document.activeElement.closest('.item [data-form]')")
    page.get_by_label("Words of sentence 2", exact=True).fill("It comes back at eleven.")
    page.get_by_role("button", name="Render this sentence", exact=True).locator("visible=true").click()
    page.locator("#detail .text").filter(has_text="eleven").wait_for()
    page.wait_for_function("() => document.querySelector('#script textarea').value.includes('eleven')")
    wait_for_state(page, "done")
    page.get_by_role("button", name="Render sentence 3 again", exact=True).click()
    wait_for_state(page, "done")


def test_a_job_is_there_again_after_a_reload_and_in_a_second_browser(page: Any, chromium: Any, server: RunningStudio) -> None:
    write_script(page, long_script(300))
    generate(page)
    wait_for_state(page, "running")
    title = page.locator("#card .title").first.inner_text()
    page.reload()
    page.get_by_role("button", name="Generate", exact=True).wait_for()
    page.locator("#card .title").filter(has_text=title).first.wait_for()
    expect(page.locator("#script textarea")).to_have_value(re.compile("^This is paragraph number 0"))
    other = new_context(chromium).new_page()
    other.goto(server.url)
    other.get_by_role("button", name="Generate", exact=True).wait_for()
    other.locator("#card .title").filter(has_text=title).first.wait_for()
    other.get_by_role("button", name="Stop", exact=True).click()
    wait_for_state(other, "cancelled", 30)
    wait_for_state(page, "cancelled", 30)
    other.context.close()


NOT_LOOKED_AT = """() => {
  Object.defineProperty(document, 'hidden', { value: true, configurable: true })
  window.told = []
  window.Notification = class { static permission = 'granted'; constructor(said) { told.push(said) } close() {} }
  localStorage.setItem('greenroom.tell-me', '1')
}"""
"""Another window lies over the page, whose notices are allowed and wanted."""


def test_two_jobs_are_tracked_at_once(page: Any, client: Any) -> None:
    write_script(page, long_script(301))
    generate(page)
    wait_for_state(page, "running")
    write_script(page, "Another one. " + long_script(302))
    generate(page)
    page.locator("#card .title").filter(has_text="Another one").first.wait_for()  # until then the other one is this one
    at_work = page.get_by_role("button", name=re.compile(r"^[2-9] jobs · .*Another one.*To the jobs\.$"))
    expect(at_work, "in the head of the page").to_be_visible()
    page.wait_for_function("document.querySelector('link[rel~=icon]').href.startsWith('data:')")
    page.wait_for_function("/^\\d+ % · /.test(document.title)")
    page.locator("#card .others [data-act=cancel]").first.click()
    page.locator("#card .others").wait_for(state="detached")
    page.evaluate(NOT_LOOKED_AT)
    stop_everything(client)
    page.wait_for_function("window.told?.some(said => said.startsWith('Another one') && said.endsWith('was stopped'))")
    page.wait_for_function("/^\\d+ done · /.test(document.title)")
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    wait_for_state(page, "cancelled", 30)
    expect(page.locator("#work")).to_be_hidden()
    page.wait_for_function("/^Voiceover/.test(document.title)")


def test_what_was_asked_before_a_choice_is_not_shown_after_it(page: Any, client: Any) -> None:
    """Else the stop button under the pointer would, for a moment, be another job's."""
    write_script(page, "The early one. " + long_script(303))
    generate(page)
    wait_for_state(page, "running")
    with held_back(page, lambda asked, answer: "The early one" in answer) as held:
        until(page, lambda: held)
        write_script(page, "The late one. " + long_script(304))
        generate(page)
        page.locator("#card .title").filter(has_text="The late one").first.wait_for()
        page.evaluate(
            """() => { window.fronts = new Set(); const card = document.querySelector('#card')
            const look = () => window.fronts.add(card.querySelector('.title')?.textContent.slice(0, 12))
            new MutationObserver(look).observe(card, { childList: true, subtree: true }); look() }"""
        )
    page.wait_for_timeout(500)  # for what must not be drawn
    assert page.evaluate("[...window.fronts]") == ["The late one"]
    stop_everything(client)
    wait_for_state(page, "cancelled", 30)


def test_an_idle_page_sends_nothing(page: Any, client: Any) -> None:
    """Once what the end of a job brings has come, however long a busy machine takes for it, there is nothing more to ask."""
    stop_everything(client)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    for _ in range(10):
        sent.clear()
        page.wait_for_timeout(4000)
        if not sent:
            return
    assert sent == []


def test_wrong_input_is_answered_in_words(page: Any) -> None:
    page.locator("#script textarea").fill("")
    generate(page)
    page.locator("#trouble [role=alert]").wait_for()
    expect(page.locator("#trouble")).to_contain_text("script", ignore_case=True)
    write_script(page, "A line. [pause forever] Another line.")
    generate(page)
    page.locator("#trouble [role=alert]").filter(has_text="pause").wait_for()


def test_a_batch_gives_one_archive(page: Any) -> None:
    page.get_by_role("tab", name="Batch", exact=True).click()
    page.locator("#lines textarea").fill("The first line.\nThe second line.\nThe [pause forever] third line.")
    page.locator("#batch-go").click()
    page.locator("#detail h2").filter(has_text="2 of 3 lines spoken").wait_for()
    page.locator("#detail .findings").filter(has_text="Line 3 [pause forever] is no length of time").wait_for()
    archive = page.locator("#outputs .item").filter(has_text="ZIP").first
    archive.wait_for()
    page.locator("#lines textarea").fill("")
    page.get_by_role("tab", name="Voices", exact=True).click()
    archive.locator("[data-act=use]").first.click()  # its own; those of its lines are folded beneath it
    page.locator("#lines textarea").wait_for()
    page.wait_for_function("() => document.querySelector('#lines textarea')?.value.includes('second line')")


def test_script_injection_is_only_text(page: Any) -> None:
    page.evaluate("window.broken = false")
    write_script(
        page, "# <img src=x onerror='window.broken=true'>\n\n<script>window.broken=true</script> A line with <b>tags</b>."
    )
    generate(page)
    wait_for_state(page, "done")
    page.wait_for_timeout(500)
    assert page.evaluate("window.broken") is False
    assert page.locator("#card img, #detail script, #outputs img").count() == 0


def test_the_settings_of_a_result_come_back(page: Any) -> None:
    write_script(page, SHORT)
    ada = page.get_by_label("Ada", exact=True)
    ada.wait_for()
    ada.click()
    page.get_by_role("option", name="English (Scotland) · eSpeak NG", exact=True).click()
    generate(page)
    wait_for_state(page, "done")
    write_script(page, "Something else entirely.")
    page.locator("#cast").wait_for(state="hidden")
    expect(page.locator("#outputs .item").first).to_contain_text("The tide")  # the list follows the job's end
    page.locator("#outputs [data-act=use]").first.click()
    page.get_by_role("button", name="Replace what is written", exact=True).click()
    page.wait_for_function("() => document.querySelector('#script textarea')?.value.includes('tide')")
    expect(ada).to_have_value("English (Scotland) · eSpeak NG")


def test_every_label_is_offered_and_what_cannot_be_said_is_replaced(page: Any) -> None:
    write_script(page, "Anna: One, two.\nBob: Two.\nAnna: Three.\n\nQuex: the sign read Ъ.")
    quex = page.get_by_label("Quex", exact=True)
    expect(quex).to_have_value("Just text: read aloud")
    expect(page.get_by_label("Bob", exact=True)).to_have_value(re.compile("^(?!Just text: read aloud)."))
    quex.click()
    page.get_by_role("option", name="A speaker, as chosen above", exact=True).click()
    page.locator("#replace-unsayable input").check()
    page.get_by_text("it is said as “hard sign”", exact=False).wait_for()
    generate(page)
    wait_for_state(page, "done")
    rows, spoken = page.locator("#detail .item"), "Quexthe sign read Ъ.\nread as: the sign read hard sign."
    expect(rows).to_have_count(4)
    until(page, lambda: rows.all_inner_texts() == ["AnnaOne, two.", "BobTwo.", "AnnaThree.", spoken])

    write_script(page, "\n\n".join(f"Guest {number}: Hello." for number in range(1, 15)))
    until_quiet(page)  # the rows of a large cast are as they stay
    guest = page.get_by_label("Guest 14", exact=True)
    guest.focus()
    page.wait_for_function("() => document.activeElement.options?.length > 20")
    guest.select_option(label="English (Scotland) · eSpeak NG")
    until_quiet(page)
    page.reload()
    expect(page.get_by_label("Guest 14", exact=True)).to_have_value("espeak/gmw/en-GB-scotland")


def test_a_button_that_is_drawn_anew_while_it_is_pressed_still_counts(page: Any) -> None:
    write_script(page, SHORT)
    generate(page)
    wait_for_state(page, "done")
    button = page.get_by_role("button", name="Edit sentence 2", exact=True)
    until_quiet(page)  # the list is as it stays: only this test draws it anew
    button.hover()
    page.mouse.down()
    page.evaluate("document.querySelectorAll('#detail button').forEach(old => old.replaceWith(old.cloneNode(true)))")
    page.mouse.up()
    page.get_by_label("Words of sentence 2", exact=True).wait_for()


def test_nothing_that_was_typed_is_lost(page: Any) -> None:
    """Two drafts and an old narration: its sentence edited, its settings used, all taken back, and everything there after a
    reload, a draft of half a million letters too."""
    script = page.locator("#script textarea")
    write_script(page, SHORT)
    generate(page)
    wait_for_state(page, "done")
    write_script(page, "The first draft, which is about something else.")
    page.get_by_role("button", name="Edit sentence 2", exact=True).click()
    page.get_by_label("Words of sentence 2", exact=True).fill("It never comes back.")
    page.get_by_role("button", name="Render this sentence", exact=True).locator("visible=true").click()
    page.get_by_role("status").filter(has_text="stays as it is").wait_for()
    page.locator("#detail .text").filter(has_text="never comes back").wait_for()
    assert script.input_value().startswith("The first draft")
    wait_for_state(page, "done")

    page.locator("#outputs [data-act=use]").first.click()
    page.get_by_role("button", name="Leave it", exact=True).click()
    assert script.input_value().startswith("The first draft")
    page.locator("#outputs [data-act=use]").first.click()
    page.get_by_role("button", name="Replace what is written", exact=True).click()
    page.wait_for_function("() => document.querySelector('#script textarea').value.includes('never comes back')")
    script.press("Control+z")
    page.wait_for_function("() => document.querySelector('#script textarea').value.startsWith('The first draft')")

    novel = "The second draft. " + "It goes on and on. " * 28_000
    assert len(novel) > 500_000
    script.fill(novel)
    page.wait_for_function(DRAFT_BEGINS, arg="The second draft")
    until_quiet(page)  # what the page asked of the studio about half a million letters is answered
    page.reload()
    page.wait_for_function("() => document.querySelector('#script textarea')?.value.startsWith('The second draft')")
    expect(script).to_have_value(novel)
    page.wait_for_timeout(2600)  # longer than a box that is being built is looked after
    page.evaluate(EMPTIED)
    page.wait_for_function("() => document.querySelector('#script textarea').value.startsWith('The second draft')")
    earlier = page.locator("#script-earlier")
    earlier.locator("summary").click()
    earlier.get_by_role("button").filter(has_text="The first draft").click()
    page.wait_for_function("() => document.querySelector('#script textarea').value.startsWith('The first draft')")
    page.get_by_role("status").filter(has_text="is back").get_by_role("button", name="Undo").click()
    page.wait_for_function("() => document.querySelector('#script textarea').value.startsWith('The second draft')")
    assert script.input_value() == novel

    gone = page.locator("#outputs .item").filter(has_text="The tide").first
    gone.wait_for()
    output = gone.locator("[data-act=delete]").get_attribute("data-output")
    row = page.locator(f'#outputs [data-act=delete][data-output="{output}"]')
    row.click()
    row.wait_for(state="detached")
    page.get_by_role("status").filter(has_text="is deleted").get_by_role("button", name="Undo").last.click()
    row.wait_for()
    script.fill("")


def test_stop_ends_what_it_names_alone(page: Any, client: Any) -> None:
    """With a finished job in front it leaves the hour of work behind it alone."""
    stop_everything(client)
    write_script(page, "Done in a moment.")
    generate(page)
    wait_for_state(page, "done")
    write_script(page, "The long one. " + long_script(305))
    generate(page)
    wait_for_state(page, "running")
    page.locator("#outputs .item").filter(has_text="Done in a moment").first.locator("[data-act=open]").click()
    page.locator("#card .title").filter(has_text="Done in a moment").first.wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("alert").filter(has_text="is still at work").wait_for()
    assert [job["state"] for job in client.predict("", 1, api_name="/jobs")] == ["running"]
    page.go_back()
    page.locator("#card .title").filter(has_text="The long one").first.wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_for_state(page, "cancelled", 30)
    page.locator("#script textarea").fill("")
