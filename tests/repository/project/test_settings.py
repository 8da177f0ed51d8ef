"""settings.yaml, its model and the environment agree; what is wrong is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from studio.errors import SettingsError
from studio.settings import Settings, load_settings
from tests.repository.sources import ROOT

TEXT = (ROOT / "settings.yaml").read_text()


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("GREENROOM_"):
            monkeypatch.delenv(name)


def test_the_file_holds_every_setting_with_its_default() -> None:
    written = yaml.safe_load(TEXT)
    for group, field in Settings.model_fields.items():
        model = field.annotation
        assert set(written[group]) == set(model.model_fields), group  # type: ignore[union-attr]
        for key, setting in model.model_fields.items():  # type: ignore[union-attr]
            value = written[group][key]
            default = str(setting.default) if isinstance(setting.default, Path) else setting.default
            assert (tuple(value) if isinstance(value, list) else value) == default, f"{group}.{key}"
    assert set(written) == set(Settings.model_fields)


def test_every_setting_is_used() -> None:
    """A setting that nothing reads is a promise that nothing keeps."""
    code = "\n".join(
        path.read_text() for room in ("studio", "capabilities", "tabs", "api") for path in (ROOT / room).rglob("*.py")
    )
    for declared in (ROOT / "studio" / "settings").glob("*.py"):
        code = code.replace(declared.read_text(), "") if declared.stat().st_size else code
    code += (ROOT / "app.py").read_text()
    code += "settings.data_folder" if "data_folder" in code else ""
    unused = [
        f"{group}.{key}"
        for group, field in Settings.model_fields.items()
        for key in field.annotation.model_fields  # type: ignore[union-attr]
        if not re.search(rf"\b{key}\b", code) and f"{group}.{key}" != "data.folder"
    ]
    assert not unused


def test_a_variable_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_SERVER__PORT", "7900")
    monkeypatch.setenv("GREENROOM_VOICEOVER__LOUDNESS", "-23")
    settings = load_settings()
    assert (settings.server.port, settings.server.host, settings.voiceover.loudness) == (7900, "127.0.0.1", -23)


def test_the_command_line_overrides_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_SERVER__PORT", "7900")
    monkeypatch.setenv("GREENROOM_SERVER__MAX_UPLOAD_MB", "20")
    settings = load_settings(server={"port": 8000})
    assert (settings.server.port, settings.server.max_upload_mb) == (8000, 20)


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("GREENROOM_SERVER__PROT", "1", "GREENROOM_SERVER__PROT"),
        ("GREENROOM_SEVER__PORT", "1", "GREENROOM_SEVER__PORT"),
        ("GREENROOM_SERVER__PORT", "70000", "server.port"),
        ("GREENROOM_SERVER__PORT", "seven", "server.port"),
        ("GREENROOM_MEMORY__HARD_LIMIT", "1.5", "memory.hard_limit"),
        ("GREENROOM_VOICEOVER__LOUDNESS", "-15", "voiceover.loudness"),
        ("GREENROOM_ENGINES__EXTRA", '["nonsense"]', "engines.extra"),
    ],
)
def test_a_bad_variable_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, named: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert named in refused.value.reason
    assert refused.value.hint


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("port: 7860", "server.port"),
        ("server:", "serber"),
        ("cpu_jobs: 2", "lanes.cpu_jobs"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, named: str) -> None:
    wrong = {"port: 7860": "port: 0", "server:": "serber:", "cpu_jobs: 2": "cpu_jobs: many"}[change]
    (tmp_path / "settings.yaml").write_text(TEXT.replace(change, wrong, 1))
    monkeypatch.setitem(Settings.model_config, "yaml_file", tmp_path / "settings.yaml")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert named in refused.value.reason


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.yaml").write_text("server: [\n")
    monkeypatch.setitem(Settings.model_config, "yaml_file", tmp_path / "settings.yaml")
    with pytest.raises(SettingsError, match=r"settings\.yaml cannot be read"):
        load_settings()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"- server\n- data\n", "holds a list"),
        (b"hello", "holds a single value"),
        ("server: # caf\u00e9\n".encode("latin-1"), "not written in UTF-8 (line 1)"),
        (TEXT.encode("utf-16"), "not written in UTF-8"),
        (b"[" * 5000, "nested too deep"),
        (b"{a: " * 5000, "nested too deep"),
        (b"server:\n  port: 1\n  host: a\n  port: 2\n", '"port" stands twice, in line 2 and in line 4'),
        (b"server:\n  port: 1\nserver:\n  port: 2\n", '"server" stands twice'),
        (b"server: [1]\n", "setting server"),
        (b"server: hello\n", "setting server"),
        (b"1: 2\n", "setting 1 "),
        (b"server:\n  on: 1\n", "setting True"),
        (b"server:\n  port: 2024-13-45\n", "cannot be read"),
        (b"server:\n  port: " + b"9" * 5000, "cannot be read"),
        (b"a\0b", "cannot be read"),
        (b"#" * 2_000_000, "larger than a megabyte"),
    ],
    ids=range(16),
)
def test_a_file_of_any_other_shape_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, told: str
) -> None:
    (tmp_path / "settings.yaml").write_bytes(content)
    monkeypatch.setitem(Settings.model_config, "yaml_file", tmp_path / "settings.yaml")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert told in str(refused.value) and "\n" not in str(refused.value) and len(str(refused.value)) < 500


def test_a_byte_order_mark_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.yaml").write_text("server:\n  port: 8123\n", "utf-8-sig")
    monkeypatch.setitem(Settings.model_config, "yaml_file", tmp_path / "settings.yaml")
    assert load_settings().server.port == 8123


@pytest.mark.parametrize(("name", "value"), [("DATA__WEIGHTS", "no json"), ("LANES", "[" * 20_000), ("SERVER", "[1]")])
def test_a_variable_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"GREENROOM_{name}", value)
    with pytest.raises(SettingsError):
        load_settings()


def test_an_unknown_key_names_what_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.yaml").write_text(TEXT.replace("  port: 7860", "  prt: 7860", 1))
    monkeypatch.setitem(Settings.model_config, "yaml_file", tmp_path / "settings.yaml")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "server.prt" in refused.value.reason and "port" in refused.value.hint
