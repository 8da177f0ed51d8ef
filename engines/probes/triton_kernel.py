"""A minimal Triton program: load, double, store. It is a file of its own because Triton reads its source."""

from __future__ import annotations

from typing import Any


def store_doubled(triton: Any, tl: Any) -> Any:
    """Return the kernel, which is compiled at the first call. Arguments: source, target, count, BLOCK."""
    globals()["tl"] = tl  # Triton looks names up in the module of the kernel

    @triton.jit  # type: ignore[untyped-decorator]
    def kernel(source, target, count, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
        at = tl.arange(0, BLOCK)
        inside = at < count
        tl.store(target + at, tl.load(source + at, mask=inside) * 2, mask=inside)

    return kernel
