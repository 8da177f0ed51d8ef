"""Whether torch can compile a model on this machine. Used in workers, and by the doctor's probe.

torch.compile is lazy: a missing prerequisite shows at the first forward pass. Triton, which compiles kernels for a GPU, builds
its driver with a C compiler and the headers of Python (triton/runtime/build.py), at the first call as well.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sysconfig
from pathlib import Path

HOW_TO_MEND = "On Debian or Ubuntu: sudo apt-get install gcc python3-dev."


def obstacle_to_compiling(device: str) -> str:
    """Why models run plain here, as the end of a sentence; "" when they can be compiled."""
    if device == "cpu":
        return "there is no GPU"
    if importlib.util.find_spec("triton") is None:
        return "Triton is not installed in the environment"
    if not any(shutil.which(program) for program in (os.environ.get("CC", ""), "gcc", "cc", "clang") if program):
        return "there is no C compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "the headers of Python (Python.h) are missing"
    return ""
