"""Test of torch operations that models need: `python -m engines.probes.torch_ops` with the Python of an environment.

Prints one JSON object per line, `{"name", "outcome": ok|failed|skipped, "detail", "seconds"}`, as each operation ends, so that a
crash shows which one it was. Results are compared with float32 on the CPU, or with stored references if a wrong build would be
wrong there too. The selection: run-time compilers (NVRTC for complex `abs` and `prod`, the JIT's fuser on the second and third
call, Triton's code generator) fail first on new GPUs, even if `torch.cuda.is_available()` is true.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engines.common.compiling import obstacle_to_compiling
from engines.probes.scripted import fused

REFERENCES = Path(__file__).with_name("references.npz")
RATE = 16_000


class Skipped(Exception):
    """The operation does not apply to this machine; the message says why."""


def chirp() -> Any:
    """Return one second from 50 to 6,000 Hz with three overtones: float32 [16000], reproducible up to rounding."""
    time_axis = np.arange(RATE, dtype=np.float64) / RATE
    phase = 2 * np.pi * (50 * time_axis + (6_000 - 50) / 2 * time_axis**2)
    wave = np.sin(phase) + np.sin(2 * phase) / 4 + np.sin(3 * phase) / 9
    return (0.4 * wave).astype(np.float32)


def device_of(torch: Any) -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def close(got: Any, wanted: Any, tolerance: float) -> str:
    """Return "" if they agree to `tolerance` of the greatest value, else a sentence with the numbers."""
    got, wanted = got.detach().float().cpu(), wanted.detach().float().cpu()
    error, scale = float((got - wanted).abs().max()), float(wanted.abs().max()) or 1.0
    return "" if error <= tolerance * scale else f"off by {error / scale:.2g} of the greatest value, {tolerance:.2g} is allowed"


def bf16_matmul(torch: Any, device: str) -> str:
    a, b = torch.randn(256, 256), torch.randn(256, 256)
    return close(a.to(device, torch.bfloat16) @ b.to(device, torch.bfloat16), a @ b, 0.02)


def attention(torch: Any, device: str) -> str:
    q, k, v = (torch.randn(1, 4, 128, 64) for _ in range(3))
    weights = torch.softmax(q @ k.transpose(-1, -2) / 8.0, -1)
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    call = torch.nn.functional.scaled_dot_product_attention
    return close(call(q.to(device, dtype), k.to(device, dtype), v.to(device, dtype)), weights @ v, 0.03)


def convolution(torch: Any, device: str) -> str:
    x, w = torch.randn(1, 8, 32, 32), torch.randn(8, 8, 3, 3)
    conv = torch.nn.functional.conv2d
    return close(conv(x.to(device), w.to(device), padding=1), conv(x.double(), w.double(), padding=1), 5e-3)


def complex_abs(torch: Any, device: str) -> str:
    z = torch.complex(torch.randn(512), torch.randn(512))
    return close(z.to(device).abs(), torch.hypot(z.real, z.imag), 1e-5)


def product(torch: Any, device: str) -> str:
    x = torch.rand(64, 8) + 0.5
    return close(x.to(device).prod(dim=1), x.double().log().sum(1).exp(), 1e-4)


def jit_thrice(torch: Any, device: str) -> str:
    """Call a scripted function three times: the profiling executor runs, profiles, and uses its fuser from the third call on."""
    scripted, x = torch.jit.script(fused), torch.randn(64, 64)
    for _ in range(3):
        if wrong := close(scripted(x.to(device)), fused(x), 1e-4):
            return wrong
    return ""


def triton_store(torch: Any, device: str) -> str:
    if device != "cuda":
        raise Skipped("Triton works on GPUs only.")
    try:
        import triton
        import triton.language as tl
    except ImportError:
        raise Skipped("Triton is not installed here.") from None
    from engines.probes.triton_kernel import store_doubled

    x = torch.randn(1000, device=device)
    out = torch.empty_like(x)
    store_doubled(triton, tl)[(1,)](x, out, 1000, BLOCK=1024)
    return close(out, x * 2, 1e-6)


def compiled(torch: Any, device: str) -> str:
    """Compile as engines do on a GPU; a missing prerequisite is named, because engines would silently run uncompiled."""
    if device == "cuda" and (why := obstacle_to_compiling(device)):
        return f"models run plain, for {why}"
    module = torch.nn.Sequential(torch.nn.Linear(16, 16), torch.nn.GELU(), torch.nn.Linear(16, 4)).to(device).eval()
    x = torch.randn(8, 16, device=device)
    with torch.inference_mode():
        return close(torch.compile(module)(x), module(x), 1e-3)


def resample_and_mel(torch: Any, device: str) -> str:
    """Compare with values stored in the repository, because a wrong build would agree with itself."""
    import torchaudio

    sound = torch.from_numpy(chirp())[None].to(device)
    resampled = torchaudio.functional.resample(sound, RATE, 24_000)
    spectrum = torch.stft(sound, 512, 128, window=torch.hann_window(512, device=device), return_complex=True).abs()
    mel = torchaudio.transforms.MelSpectrogram(24_000, 1024, hop_length=256, n_mels=40).to(device)(resampled)
    stored = np.load(REFERENCES)
    for name, got in (("resampled", resampled[0, 6000:6400]), ("spectrum", spectrum[0, ::8, ::16]), ("mel", mel[0, ::2, ::8])):
        if wrong := close(got, torch.from_numpy(stored[name]), 2e-3):
            return f"{name}: {wrong}"
    return ""


OPERATIONS: tuple[tuple[str, Callable[[Any, str], str]], ...] = (
    ("bf16 matmul", bf16_matmul),
    ("scaled dot product attention", attention),
    ("convolution", convolution),
    ("abs of complex numbers", complex_abs),
    ("prod", product),
    ("a scripted function, three times", jit_thrice),
    ("a Triton store", triton_store),
    ("resample, STFT and mel", resample_and_mel),
    ("torch.compile of a small module", compiled),
)


def results() -> Iterator[dict[str, Any]]:
    """Yield one result for torch itself, then one for each operation."""
    began = time.perf_counter()
    try:
        import torch
    except Exception as error:
        yield _line("import torch", "failed", _first_line(error), began)
        return
    torch.manual_seed(0)
    device = device_of(torch)
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    yield _line("import torch", "ok", f"torch {torch.__version__} on {name}", began)
    for operation, run in OPERATIONS:
        began = time.perf_counter()
        try:
            wrong = run(torch, device)
            yield _line(operation, "failed" if wrong else "ok", wrong, began)
        except Skipped as reason:
            yield _line(operation, "skipped", str(reason), began)
        except Exception as error:
            yield _line(operation, "failed", _first_line(error), began)


def _line(name: str, outcome: str, detail: str, began: float) -> dict[str, Any]:
    return {"name": name, "outcome": outcome, "detail": detail, "seconds": round(time.perf_counter() - began, 3)}


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]


if __name__ == "__main__":
    for result in results():
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
