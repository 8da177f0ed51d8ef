"""The devices that a recogniser can use on this machine, from a few file checks."""

from __future__ import annotations

import platform
import sys
from functools import cache
from pathlib import Path

from engines.contract import Device

_CUBLAS = "libcublas.so.12"
_SYSTEM_FOLDERS = ("/usr/local/cuda/lib64", "/usr/local/cuda-12/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib64")


@cache
def has_nvidia_gpu() -> bool:
    """Return whether NVIDIA's driver is loaded."""
    return Path("/proc/driver/nvidia/version").exists() or Path("/dev/nvidiactl").exists()


@cache
def ctranslate2_cublas() -> Path | None:
    """Return the CUDA 12 library that CTranslate2's x86-64 build loads by name; None if it cannot use a GPU.

    Its ARM64 build has no CUDA. Current PyTorch ships CUDA 13, so that the older library has to be installed beside it.
    """
    if platform.machine() != "x86_64" or not has_nvidia_gpu():
        return None
    places = [*(Path(folder) / "nvidia" / "cublas" / "lib" for folder in sys.path if folder), *map(Path, _SYSTEM_FOLDERS)]
    return next((place / _CUBLAS for place in places if (place / _CUBLAS).exists()), None)


def ctranslate2_device() -> Device:
    return Device.CPU if ctranslate2_cublas() is None else Device.CUDA


def torch_device() -> Device:
    return Device.CUDA if has_nvidia_gpu() else Device.CPU
