"""The doctor on machines with deliberately broken parts: each is named, with a repair that works."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from studio.doctor import CheckResult, CheckStatus, DoctorContext, run_checks
from studio.doctor import __main__ as doctor_command
from studio.doctor.__main__ import examination_of, told
from studio.doctor.checks.comfyui import server as comfyui_server
from studio.doctor.checks.machine import clock, shipped_files
from studio.doctor.checks.storage import check_free_space, databases, writing
from studio.doctor.checks.torch import operations
from studio.doctor.examination import all_checks
from studio.doctor.platform_table import platform_rows
from studio.doctor.report import percentiles
from studio.environments.variables import environment_variables
from studio.settings import load_settings
from tests.model_environments import environment_python
from tests.repository.sources import ROOT
from tests.tools.assets import SUMS, sums

QUICK = (clock, check_free_space, comfyui_server)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoctorContext]:
    data = tmp_path_factory.mktemp("examined") / "data"
    data.mkdir()
    with examination_of(load_settings(data={"folder": data})) as made:
        yield made


def failed(findings: Iterator[CheckResult]) -> list[CheckResult]:
    found = [finding for finding in findings if finding.outcome is CheckStatus.FAILED]
    assert all(finding.repair for finding in found), found
    return found


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """The doctor as people call it, over everything, in a process of its own."""
    folder = tmp_path_factory.mktemp("command")
    arguments = [sys.executable, "-m", "studio.doctor", "--json", "--data", str(folder / "data")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=200)


@pytest.mark.slow
def test_this_machine_is_well(command: subprocess.CompletedProcess[str]) -> None:
    """Real formats, real databases, real files; what cannot be tried is skipped in words."""
    report = json.loads(command.stdout)
    assert report["healthy"] and command.returncode == 0, report
    assert {"machine", "platform", "findings", "sentence"} <= report.keys()
    groups = {finding["group"] for finding in report["findings"]}
    assert groups == {group for group, _, _ in all_checks()}
    assert all(finding["outcome"] != "failed" for finding in report["findings"])


@pytest.mark.slow
def test_ready_engines_speak_and_are_understood(command: subprocess.CompletedProcess[str]) -> None:
    found = {finding["name"]: finding for finding in json.loads(command.stdout)["findings"]}
    spoken = found["Hibari"]
    assert spoken["outcome"] == "ok", spoken
    assert "100 %" in spoken["sentence"] or "89 %" in spoken["sentence"]
    assert 0 < spoken["milliseconds"]["p50"] <= spoken["milliseconds"]["p95"] <= spoken["milliseconds"]["p99"]
    assert found["F5-TTS"]["outcome"] in ("skipped", "ok")


def test_what_fails_is_in_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command over the checks that are quick, where a server is set that does not answer."""
    monkeypatch.setattr(
        doctor_command, "run_checks", partial(run_checks, checks=[check for check in all_checks() if check[2] in QUICK])
    )
    monkeypatch.setenv("GREENROOM_COMFYUI__URL", "http://127.0.0.1:9")
    assert doctor_command.main(["--json", "--data", str(tmp_path / "data")]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [finding["group"] for finding in report["findings"] if finding["outcome"] == "failed"] == ["ComfyUI"]
    assert not report["healthy"]


def test_the_list_of_shipped_files_is_the_present_one() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    assert SUMS.read_text("utf-8") == sums(), "assets/ has changed: run python -m tests.tools.assets"


def test_a_missing_and_a_damaged_font_are_named_and_restored_by_the_repair(context: DoctorContext, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "assets", clone / "assets")
    git = ["git", "-C", str(clone), "-c", "user.name=t", "-c", "user.email=t@t"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *arguments], check=True)
    fonts = clone / "assets" / "fonts"
    gone, damaged = sorted(fonts.glob("fraunces-*.woff2"))[:2]
    gone.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-10])
    broken = replace(context, site=replace(context.site, assets=clone / "assets"))
    found = failed(shipped_files(broken))
    assert [finding.sentence for finding in found] == [
        f"assets/fonts/{gone.name} is missing.", f"assets/fonts/{damaged.name} is damaged.",
    ]  # fmt: skip
    for finding in found:
        subprocess.run([*git, *finding.repair.split()[1:]], check=True)
    assert not failed(shipped_files(broken))


def test_a_full_disk_is_named(context: DoctorContext) -> None:
    (found,) = failed(check_free_space(replace(context, free_bytes=lambda folder: 10 * 1024**2)))
    assert "no job is accepted" in found.sentence and "Delete outputs" in found.repair
    (warned,) = check_free_space(replace(context, free_bytes=lambda folder: 2 * 1024**3))
    assert warned.outcome is CheckStatus.WARNING


def test_a_data_folder_that_cannot_be_written_is_named(context: DoctorContext) -> None:
    (found,) = failed(writing(replace(context, data=Path("/proc/greenroom"))))  # read-only for root too
    assert "cannot be written" in found.sentence and "--data" in found.repair


def test_a_wrong_clock_is_named(context: DoctorContext) -> None:
    (found,) = failed(clock(replace(context, now=lambda: 86_400.0)))
    assert "clock is wrong" in found.sentence and "days" in found.sentence and "set-ntp" in found.repair


def test_a_damaged_database_is_named(context: DoctorContext, tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE jobs(text TEXT)")
        connection.executemany("INSERT INTO jobs VALUES(?)", [("x" * 900,)] * 50)
    content = bytearray(path.read_bytes())
    content[5000:20_000] = os.urandom(15_000)
    path.write_bytes(content)
    (found,) = failed(databases(replace(context, data=tmp_path)))
    assert "jobs.db is damaged" in found.sentence


FAKE_TORCH = """
__version__ = "0.0"
class cuda:
    is_available = staticmethod(lambda: True)
    get_device_name = staticmethod(lambda: "A card of next year")
def manual_seed(seed): pass
def __getattr__(name):
    def call(*args, **kwargs):
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device\\nmore")
    return call
"""


def test_a_torch_without_kernels_is_named(context: DoctorContext, tmp_path: Path) -> None:
    """The real program, in a real process, with a torch that fails as one without kernels for its card does."""
    (tmp_path / "torch.py").write_text(FAKE_TORCH)
    variables = environment_variables(tmp_path)
    variables["PYTHONPATH"] = f"{tmp_path}:{variables['PYTHONPATH']}"
    lines = list(operations(Path(sys.executable), variables, context))
    assert lines[0]["outcome"] == "ok" and "next year" in lines[0]["detail"]
    matmul = next(line for line in lines if line["name"] == "bf16 matmul")
    assert matmul["outcome"] == "failed" and "no kernel image" in matmul["detail"] and "\n" not in matmul["detail"]

    from studio.doctor.checks.torch import _finding

    assert "./launch.sh install models" in _finding("models", matmul).repair


def test_a_torch_that_takes_its_process_down_is_told_with_the_step(context: DoctorContext, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(
        FAKE_TORCH + "\nimport os, signal\ndef randn(*a):\n    os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    variables = environment_variables(tmp_path)
    variables["PYTHONPATH"] = f"{tmp_path}:{variables['PYTHONPATH']}"
    lines = list(operations(Path(sys.executable), variables, context))
    assert lines[-1]["outcome"] == "failed" and "SIGSEGV" in lines[-1]["detail"] and 'after "import torch"' in lines[-1]["name"]


@pytest.mark.slow
def test_every_operation_works_in_the_real_environment(context: DoctorContext) -> None:
    python = environment_python("models")
    found = {}
    for line in operations(python, environment_variables(python.parent.parent), context):
        found[line["name"]] = line
        if line["name"] == "resample, STFT and mel":
            break  # compiling is the same call with a compiler in between, and takes a minute here
    assert {line["outcome"] for line in found.values()} <= {"ok", "skipped"}, found
    assert found["resample, STFT and mel"]["outcome"] == "ok"


def test_a_comfyui_that_does_not_answer_is_named(context: DoctorContext) -> None:
    wrong = context.settings.model_copy(
        update={"comfyui": context.settings.comfyui.model_copy(update={"url": "http://127.0.0.1:9"})}
    )
    (found,) = failed(comfyui_server(replace(context, settings=wrong)))
    assert "under Settings" in found.repair
    (skipped,) = comfyui_server(context)
    assert skipped.outcome is CheckStatus.SKIPPED


def test_a_check_that_breaks_off_is_a_finding_and_no_crash(context: DoctorContext) -> None:
    def broken(context: DoctorContext) -> Iterator[CheckResult]:
        raise ZeroDivisionError("secret detail")

    report = run_checks(context, checks=[("Group", "Broken", broken)])
    assert not report.healthy and "secret" not in json.dumps(report.as_dict())
    assert "Group" in told(report) and "do this:" in told(report)


def test_platforms_differ() -> None:
    arm, intel = platform_rows("aarch64", (3, 12)), platform_rows("x86_64", (3, 12))
    assert any("without CUDA" in row.here for row in arm) and not any("without CUDA" in row.here for row in intel)
    assert any("no wheel for this Python" in row.here for row in arm)


def test_percentiles_are_by_the_nearest_rank() -> None:
    assert percentiles([number / 1000 for number in range(1, 101)]) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
    assert percentiles([0.002]) == {"p50": 2.0, "p95": 2.0, "p99": 2.0}
