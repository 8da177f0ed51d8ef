"""`./launch.sh call`: words become arguments, answers go to stdout, progress and errors to stderr, exit codes tell which."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import soundfile

from api.command_line.__main__ import main
from api.command_line.values import UsageError, arguments_of
from api.operations.registry import OPERATIONS
from tests.conftest import TOKEN
from tests.repository.sources import ROOT
from tests.servers import RunningStudio

SAMPLE = ROOT / "assets" / "voices" / "LJ001-0001.wav"


def arguments(name: str, *words: str) -> dict[str, object]:
    return arguments_of(OPERATIONS[name], words, lambda path: f"sent:{path.name}")


def test_words_become_arguments(tmp_path: Path) -> None:
    (tmp_path / "script.txt").write_text("Ünder the sea.")
    assert arguments("voiceover", "script=5", "options.speed=1.5", "options.more.deep=x", "format=mp3") == {
        "script": "5",
        "options": {"speed": 1.5, "more": {"deep": "x"}},
        "format": "mp3",
    }
    assert arguments("voiceover", f"script=@{tmp_path}/script.txt") == {"script": "Ünder the sea."}
    assert arguments("voiceover", "script=@@home", "options={}") == {"script": "@home", "options": {}}
    assert arguments("set_idle", "engine=hibari", "seconds=-1") == {"engine": "hibari", "seconds": -1}
    assert arguments("save_voice", "name=a=b", f"audio=@{SAMPLE}", 'tags=["x"]') == {
        "name": "a=b",
        "audio": f"sent:{SAMPLE.name}",
        "tags": ["x"],
    }


@pytest.mark.parametrize(
    ("name", "word", "said"),
    [
        ("voiceover", "hello", "write key=value"),
        ("voiceover", "scrip=x", 'no argument "scrip"'),
        ("voices", "x=1", "Its arguments: none"),
        ("save_voice", "audio=@/no/such/file.wav", "no file /no/such/file.wav"),
        ("voiceover", "script=@/no/such/file.txt", "cannot be read"),
        ("voiceover", f"script=@{SAMPLE}", "cannot be read as a text"),
    ],
)
def test_what_cannot_be_meant_is_said(name: str, word: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        arguments(name, word)


def test_the_list_and_the_help_need_no_studio(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([]) == 0
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in OPERATIONS)
    for name, operation in OPERATIONS.items():
        assert main([name, "--help"]) == 0
        told = capsys.readouterr().out
        assert operation.summary[:40] in told and f"./launch.sh call {name}" in told
    assert main(["voicover"]) == 2 and "Did you mean voiceover?" in capsys.readouterr().err
    assert main(["--data", str(tmp_path), "voices"]) == 3 and "No studio is open" in capsys.readouterr().err
    assert main(["--url", "http://127.0.0.1:9", "voices"]) == 3 and "No studio answers" in capsys.readouterr().err


def test_a_narration_by_the_launcher(server: RunningStudio, tmp_path: Path) -> None:
    """The real program, from another folder, with the data folder alone to find the studio by."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GREENROOM_")}
    words = ["voiceover", "script=Said in a terminal.", "voice=hibari/heart", "format=flac", "--output", "made"]
    command = [
        "env",
        f"PYTHONPATH={ROOT}",
        str(ROOT / ".venv/bin/python"),
        "-P",
        "-m",
        "api.command_line",
        "--data",
        str(server.data),
    ]
    done = subprocess.run([*command, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert soundfile.info(tmp_path / lines["audio"]).duration > 0.5 and (tmp_path / lines["subtitles"]).is_file()
    assert lines["job"].endswith(" done") and "done 100 %" in done.stderr
    assert not list((tmp_path / "made").glob(".*")), "nothing unfinished is left"


def test_refusals_and_exit_codes(server: RunningStudio, capsys: pytest.CaptureFixture[str]) -> None:
    def call(*words: str) -> tuple[int, str, str]:
        code = main(["--data", str(server.data), *words])
        out, told = capsys.readouterr()
        return code, out, told

    code, out, told = call("--json", "voiceover", "script=Hi.", "format=wma")
    assert code == 1 and json.loads(out)["code"] == "input.value-wrong" and "wma" in told
    assert call("job")[0] == 1, "a needed argument is named by the studio"
    code, out, _ = call("--json", "jobs", "limit=2")
    assert code == 0 and isinstance(json.loads(out), list)


def test_the_token_is_found_beside_the_data(guarded: RunningStudio, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", guarded.url, "--token", "a-wrong-token-of-some-length", "voices"]) == 4
    assert "token" in capsys.readouterr().err
    assert main(["--data", str(guarded.data), "--token", TOKEN, "--json", "voices"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_where_a_studio_answers_is_told_to_its_owner_alone(server: RunningStudio) -> None:
    note = server.data / "running.json"
    assert json.loads(note.read_text())["url"] == server.url and note.stat().st_mode & 0o077 == 0
