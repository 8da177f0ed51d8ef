"""Availability of each package on this platform, by its wheels, and the studio's alternative."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from studio.doctor.report import PlatformRow


def platform_rows(machine: str = "", python: tuple[int, int] = (0, 0)) -> tuple[PlatformRow, ...]:
    """Return one row for each package whose wheels differ between platforms.

    Args:
        machine: as platform.machine() returns it.
        python: major and minor version. Both default to those of this process.
    """
    arm = (machine or platform.machine()) in ("aarch64", "arm64")
    old = (python if python != (0, 0) else sys.version_info[:2]) < (3, 12)
    rows = (
        ("torch", "CUDA 13 build" if arm else "CUDA 13 build, or the CPU build pip was pointed at", "runs in workers only"),
        (
            "ctranslate2 (faster-whisper)",
            "CPU build without CUDA" if arm else "CUDA build that opens libcublas.so.12",
            "Whisper runs on the GPU through transformers; faster-whisper stays for the CPU",
        ),
        (
            "pocketsphinx",
            "a wheel" if old or not arm else "no wheel for this Python",
            "basic English transcription" if old or not arm else "takes are checked by Whisper, once its weights are here",
        ),
        ("torchaudio", "CUDA build", "its CUDA files are taken out where torch is a CPU build"),
        ("torchvision", "left out on purpose", "beside a CPU torch it breaks transformers; nothing here needs it"),
        ("torchcodec", "0.13.0, needs FFmpeg libraries", "the environment brings its own FFmpeg"),
        ("onnxruntime-gpu", "a wheel", "no engine needs it"),
        ("espeakng-loader, av, ai-edge-litert", "wheels", "the built-in engines stand on them"),
    )
    return tuple(PlatformRow(_with_version(name), here, instead) for name, here, instead in rows)


def _with_version(name: str) -> str:
    package = name.split(" ")[0].rstrip(",")
    try:
        return f"{name} {metadata.version(package)}" if "," not in name else name
    except metadata.PackageNotFoundError:
        return name
