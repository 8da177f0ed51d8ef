"""Loading of weights from disk to their device: tensor by tensor, without a second copy, and with every tensor required.

With unified memory (and without a GPU) a memory-mapped file takes memory a second time, in addition to its tensors. Therefore the
file is read with safetensors' `pread` backend there, directly to the device, and its pages are dropped from the page cache. On a
discrete GPU mapping is faster. torch and safetensors are imported only in a worker that loads something.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.contract.errors import EngineError

if TYPE_CHECKING:
    import torch

SHOWN_NAMES = 3


def shares_main_memory(device: str) -> bool:
    """Return whether a device uses main memory: the CPU, or a GPU with unified memory."""
    import torch

    if not device.startswith("cuda"):
        return True
    return bool(getattr(torch.cuda.get_device_properties(device), "is_integrated", False))


def read_tensors(path: Path, device: str = "cpu") -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors of a safetensors file, each on `device`; drop each before taking the next.

    Raises:
        EngineError: the file is damaged or no safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    shared = shares_main_memory(device)
    try:
        with safe_open(str(path), framework="pt", device=device, backend="pread" if shared else "mmap") as file:
            for name in file.keys():  # noqa: SIM118 - the handle is no mapping
                yield name, file.get_tensor(name)
    except SafetensorError as error:
        raise EngineError("engine.weights-damaged", file=path.name) from error
    finally:
        if shared:
            drop_page_cache(path)


@contextmanager
def lazy_tensors(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the tensors of safetensors files by name, each read with `pread` when it is indexed (`[...]`), for libraries that
    accept them.

    The files' page cache is dropped at the end.

    Raises:
        EngineError: a file is damaged or no safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    with ExitStack() as files:
        found: dict[str, Any] = {}
        try:
            for path in paths:
                files.callback(drop_page_cache, path)
                file = files.enter_context(safe_open(str(path), framework="pt", device="cpu", backend="pread"))
                found |= {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - the handle is no mapping
            yield found
        except SafetensorError as error:
            raise EngineError("engine.some-weights-damaged") from error


def drop_page_cache(path: Path) -> None:
    """Tell the kernel that the pages of a file are not needed again. Has no effect where that is not possible."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError:
        pass
    finally:
        os.close(handle)


def drop_folder_cache(folder: Path) -> None:
    """Call `drop_page_cache` for the weights in a folder that a library has read itself."""
    for path in folder.glob("*"):
        if path.suffix in {".safetensors", ".bin", ".pt", ".pth"}:
            drop_page_cache(path)


@contextmanager
def without_weights() -> Iterator[None]:
    """Modules that are built inside have parameters without storage, so nothing is allocated or drawn for them; buffers, which
    a library computes once, are real. `give_storage` ends it."""
    from accelerate import init_empty_weights

    with init_empty_weights(include_buffers=False):
        yield


def give_storage(model: torch.nn.Module, device: str) -> Any:
    """Blank storage on `device` for every parameter that has none, in the kind that it has now; the rest is moved there."""
    import torch

    given: dict[int, torch.nn.Parameter] = {}  # one parameter may occur in several places
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False, remove_duplicate=False):
            if parameter.is_meta:
                blank = torch.empty_like(parameter, device=device)
                setattr(module, name, given.setdefault(id(parameter), torch.nn.Parameter(blank, requires_grad=False)))
    return model.to(device)


def fill(
    model: torch.nn.Module,
    tensors: Iterable[tuple[str, torch.Tensor]],
    title: str,
    *,
    rename: Callable[[str], str | None] = lambda name: name,
    optional: Collection[str] = (),
) -> None:
    """Copy tensors into the parameters and buffers of a model that is already on its device.

    Args:
        rename: the model's name for a name in the file, None for what is to be left out.
        optional: names of the model that the file may lack.

    Raises:
        EngineError: a tensor is missing, unknown or of another shape. A wrong checkpoint is never used half.
    """
    import torch

    places: dict[str, Any] = model.state_dict(keep_vars=True)
    missing, unknown, misshapen = set(places), [], []
    with torch.no_grad():
        for found, tensor in tensors:
            name = rename(found)
            if name is None:
                continue
            place = places.get(name)
            if place is None:
                unknown.append(name)
            elif place.shape != tensor.shape:
                misshapen.append(name)
            else:
                place.copy_(tensor)
            missing.discard(name)
            del tensor
    refuse_mismatch(title, missing - set(optional), unknown, misshapen)


def refuse_mismatch(title: str, missing: Collection[str], unknown: Collection[str], misshapen: Collection[str] = ()) -> None:
    """Raise a message that a checkpoint is not this model's.

    Raises:
        EngineError: any of the three is not empty; the message holds a few names.
    """
    faults = (("are missing", missing), ("are not known", unknown), ("have another shape", misshapen))
    told = [f"{len(names)} {what} ({', '.join(sorted(names)[:SHOWN_NAMES])})" for what, names in faults if names]
    if told:
        raise EngineError("engine.checkpoint-of-another", engine=title, differences=told)
