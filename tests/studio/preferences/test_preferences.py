"""Settings that are changed while the studio runs: kept with a person's own comments, checked as the file is, and in order."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml

from studio.comfyui.service import ComfyUIService
from studio.errors import InvalidInput, SettingsError
from studio.preferences.preferences import CHANGEABLE, Effect, Preferences, Source
from studio.preferences.yaml_edit import with_values
from studio.presence.restart import Restart
from studio.settings import LOCAL_FILE, ComfyUISettings, Settings, load_settings

MINE = """# my own file

voiceover:
    loudness: -19   # for the podcast
    # at the end of a sentence
    sentence_pause: 0.6
data:
  weights:
    - /one
    # the slow disk
    - /two
library: {quota_gib: 5}
"""


def opened(tmp_path: Path) -> Preferences:
    return Preferences(load_settings(data={"folder": tmp_path}), tmp_path, lambda: ["hibari", "kokoro"])


def test_what_a_person_wrote_stays_around_what_is_changed() -> None:
    kept = yaml.safe_load(MINE)
    del kept["library"], kept["data"]
    text = MINE.replace("library: {quota_gib: 5}\n", "")
    kept["voiceover"] |= {"loudness": -23, "comma_pause": 0.2}
    kept["comfyui"] = {"url": "http://café:8188"}
    made = with_values(text, kept)
    assert yaml.safe_load(made) == kept
    assert (
        "    loudness: -23   # for the podcast\n    # at the end of a sentence\n    sentence_pause: 0.6\n    comma_pause: 0.2\n"
        in made
    )
    assert made.startswith("# my own file\n\nvoiceover:") and made.endswith('comfyui:\n  url: "http://café:8188"\n')
    without = with_values(made, {"voiceover": {"loudness": -23}})
    assert yaml.safe_load(without) == {"voiceover": {"loudness": -23}} and "# for the podcast" in without
    assert with_values(without, {}).count("#") and yaml.safe_load(with_values(without, {})) is None


@pytest.mark.parametrize(
    "text", [MINE, "a: &x {b: 1}\nc: *x\n", "# only this", "", "voiceover:\n  loudness: -14", "{voiceover: {loudness: -14}}"]
)
def test_a_file_of_any_form_holds_what_is_wanted(text: str) -> None:
    for wanted in ({"voiceover": {"loudness": -16}, "data": {"weights": ["/two", "/three: 3"]}}, {"page": {"first_run": False}}):
        made = with_values(text, wanted)
        assert yaml.safe_load(made) == wanted
        assert all(line.strip() in made for line in text.splitlines() if line.lstrip().startswith("# my") or "only" in line)


def test_variables_count_before_what_was_chosen_and_that_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preferences = opened(tmp_path)
    heard: list[Settings] = []
    preferences.on_change(heard.append)
    preferences.choose({"voiceover.loudness": "-23", "comfyui.url": "http://127.0.0.1:8188/"})
    assert preferences.now.voiceover.loudness == -23 and heard[-1].comfyui.url == "http://127.0.0.1:8188"
    path = tmp_path / LOCAL_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_settings(data={"folder": tmp_path}).voiceover.loudness == -23, "the next start"
    states = {one.name: one for one in preferences.states()}
    assert list(states) == list(CHANGEABLE)
    assert (states["voiceover.loudness"].source, states["voiceover.loudness"].usual) == (Source.PAGE, -16)
    monkeypatch.setenv("GREENROOM_VOICEOVER__LOUDNESS", "-14")
    assert load_settings(data={"folder": tmp_path}).voiceover.loudness == -14
    with pytest.raises(SettingsError) as fixed:
        preferences.choose({"voiceover.loudness": -19})
    assert fixed.value.code == "settings.fixed-by-variable"
    monkeypatch.delenv("GREENROOM_VOICEOVER__LOUDNESS")
    preferences.choose({"voiceover.loudness": None})
    assert preferences.now.voiceover.loudness == -16 and "loudness" not in path.read_text("utf-8")
    assert heard[-1].comfyui.url, "the other choice stays"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("voiceover.sentence_pause", 99, "settings.value-wrong"), ("voiceover.loudness", -3, "settings.value-wrong"),
        ("comfyui.url", "ftp://here", "settings.value-wrong"), ("server.token", "short", "settings.secret-wrong"),
        ("server.port", 80, "settings.not-in-page"), ("no.such", 1, "settings.unknown"), ("x", 1, "settings.unknown"),
        ("engines.default_speech", "nobody", "settings.no-such-engine"), ("data.weights", ["/no/such"], "settings.no-folder"),
        ("comfyui.path", "/tmp", "settings.not-in-page"), ("library.quota_gib", "much", "settings.value-wrong"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_and_nothing_is_written(tmp_path: Path, name: str, value: object, code: str) -> None:
    preferences = opened(tmp_path)
    with pytest.raises(SettingsError) as refused:
        preferences.choose({"voiceover.check": "off", name: value})
    assert refused.value.code == code and "short" not in str(refused.value)
    assert not (tmp_path / LOCAL_FILE).exists() and preferences.now.voiceover.check == "flag"


def test_a_token_is_never_told_and_counts_after_a_restart(tmp_path: Path) -> None:
    preferences = opened(tmp_path)
    assert not preferences.waiting
    preferences.choose({"server.token": "a-token-of-my-own-123", "voiceover.comma_pause": 0.3})
    token = next(one for one in preferences.states() if one.name == "server.token")
    assert (token.value, token.usual, token.is_set, token.waits, token.effect) == (None, None, True, True, Effect.RESTART)
    assert preferences.waiting and "a-token" not in repr(preferences.states())
    preferences.choose({"server.token": None})
    assert not preferences.waiting


def test_a_wrong_line_of_the_file_stops_the_start_with_its_name(tmp_path: Path) -> None:
    for text, code in (
        ("voiceover: {loudness: -3}", "settings.local-wrong"), ("voiceover: {loud: 3}", "settings.local-wrong"),
        ("data: {folder: /else}", "settings.folder-in-local"), ("voiceover: 3", "settings.value-wrong"),
        ("a: b: c", "settings.file-not-yaml"),
    ):  # fmt: skip
        (tmp_path / LOCAL_FILE).write_text(text, "utf-8")
        with pytest.raises(SettingsError) as refused:
            load_settings(data={"folder": tmp_path})
        assert refused.value.code == code
        assert code != "settings.local-wrong" or LOCAL_FILE in refused.value.reason
    (tmp_path / LOCAL_FILE).write_text("voiceover:\n", "utf-8")
    assert load_settings(data={"folder": tmp_path}).voiceover.loudness == -16


def test_another_comfyui_is_used_at_once_or_when_the_job_has_ended(tmp_path: Path) -> None:
    comfyui = ComfyUIService(ComfyUISettings(), tmp_path)
    comfyui.open()
    try:
        assert not comfyui.configured
        first, second = ComfyUISettings(url="http://127.0.0.1:1"), ComfyUISettings(url="http://127.0.0.1:2")
        comfyui.adopt(first, 300)
        assert comfyui.readiness().ready and comfyui.settings == first
        with comfyui.residency.use():
            comfyui.adopt(second, 300)
            assert comfyui.settings == first, "the job that is at work ends where it began"
        comfyui.adopt(second, 300)
        assert comfyui.settings == second and comfyui.standing().address == second.url
        comfyui.adopt(ComfyUISettings(), 300)
        assert not comfyui.configured
    finally:
        comfyui.close()


def test_nothing_is_restarted_over_unfinished_work() -> None:
    unfinished, ended = [2], []
    restart = Restart(lambda: unfinished[0])
    with pytest.raises(InvalidInput) as nobody:
        restart.ask()
    restart.allow(lambda: ended.append(True))
    with pytest.raises(InvalidInput) as busy:
        restart.ask()
    assert (nobody.value.code, busy.value.code) == ("settings.no-restart", "settings.restart-with-jobs")
    assert not ended and not restart.asked
    unfinished[0] = 0
    restart.ask()
    assert ended and restart.asked
