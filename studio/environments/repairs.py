"""Repairs of a new environment that its libraries need on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from studio.environments.variables import FFMPEG_FOLDER, environment_variables
from studio.subprocesses import run_streaming

# torch/version.py is run by itself: importing torch to ask would take seconds.
_CURE = """
import importlib.util, pathlib, runpy
torch, audio = (importlib.util.find_spec(name) for name in ("torch", "torchaudio"))
if torch and audio:
    folder = pathlib.Path(torch.origin).parent
    if runpy.run_path(str(folder / "version.py")).get("cuda") is None:
        for library in (pathlib.Path(audio.origin).parent / "lib").glob("*.so"):
            library.unlink()
            print("@" + library.name, flush=True)
"""


def repair_torchaudio(python: Path, cancelled: Callable[[], bool]) -> list[str]:
    """Take torchaudio's compiled extension away where torch was built without CUDA; the names of what went.

    The wheel's extension links CUDA and cannot be loaded there, which torchaudio takes for an error; a missing one it takes
    for "no extension" and works in pure Python. With a CUDA build nothing is touched.
    """
    gone: list[str] = []
    run_streaming(
        [str(python), "-c", _CURE],
        environment=environment_variables(python.parent.parent),
        on_line=lambda line: gone.append(line[1:]) if line.startswith("@") else None,
        cancelled=cancelled,
    )
    return gone


def link_ffmpeg(folder: Path) -> list[str]:
    """Let torchcodec find the FFmpeg libraries that PyAV's wheel brings; the names that it can look for now.

    torchcodec, through which torchaudio reads every file, wants the system's libavcodec.so.62 and its like, which few
    machines have. PyAV brings the same libraries under names of its own; links beside them give them the usual ones, and
    `<environment>/lib/ffmpeg` is put on the library path of everything that is started in this environment.
    """
    bundled = next(folder.glob("lib/python3*/site-packages/av.libs"), None)
    if bundled is None:
        return []
    made = []
    for library in sorted(bundled.iterdir()):
        if found := re.fullmatch(r"(lib(?:av|sw)[a-z]+)-[0-9a-f]+\.so\.(\d+)(\.\d+)*", library.name):
            link = bundled / f"{found[1]}.so.{found[2]}"
            link.unlink(missing_ok=True)
            link.symlink_to(library.name)
            made.append(link.name)
    ffmpeg = folder / FFMPEG_FOLDER
    ffmpeg.unlink(missing_ok=True)
    ffmpeg.symlink_to(bundled.relative_to(ffmpeg.parent), target_is_directory=True)
    return made
