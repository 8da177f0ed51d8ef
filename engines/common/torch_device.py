"""The device and precision that torch uses on this machine; for code that runs in a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def choose_device() -> str:
    """Return the GPU if torch can use one, else the CPU."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def tune_convolutions(device: str) -> None:
    """Have cuDNN try its kernels once for each shape and keep the quickest: for networks that see few shapes many times."""
    if device.startswith("cuda"):
        import torch

        torch.backends.cudnn.benchmark = True


def half_precision(device: str) -> torch.dtype:
    """float32 on the CPU; on a GPU bfloat16 where it has it, else float16."""
    import torch

    if device == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
