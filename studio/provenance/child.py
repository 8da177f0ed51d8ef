"""The process that signs and reads: `python -m studio.provenance.child` takes one request from its standard input.

It is a separate process because c2pa is a native library that parses untrusted files, and because it holds up to twice the file
in memory. It has limits of memory and time, and never uses the network: by default c2pa fetches a statement from any address that
a file names, so remote manifests and OCSP are switched off, no host is allowed, and no time stamp is requested. c2pa accepts
unknown settings silently; tests verify these settings with a listening socket.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from c2pa import Builder, C2paError, C2paSignerInfo, Context, Reader, Signer
from pydantic import BaseModel, TypeAdapter

from studio.provenance.formats import ANY
from studio.provenance.reading import statement_of
from studio.provenance.requests import Ingredient, ReadAnswer, ReadRequest, SignAnswer, SigningTrouble, SignRequest
from studio.provenance.statement import Carried, FileStatement

GIB = 1024**3
LARGEST_SIDECAR = 64 * 1024**2
_MEMORY_BASE = 4 * GIB
"""Address space, not memory: the library and its threads reserve far more than they use."""
_PATH = re.compile(r"/\S{1,500}")
_REMOTE = "must fetch remote"


def settings(roots: str) -> dict[str, Any]:
    return {
        "version": 1,
        "verify": {"verify_after_sign": True, "verify_trust": True, "ocsp_fetch": False, "remote_manifest_fetch": False},
        "core": {"allowed_network_hosts": [], "backing_store_memory_threshold_in_mb": 8},
        "builder": {"thumbnail": {"enabled": False}},
        **({"trust": {"user_anchors": roots}} if roots else {}),
    }


def read(request: ReadRequest) -> FileStatement:
    with Context.from_dict(settings(request.roots)) as context:
        if not request.sidecar:
            return _read(request.media_type, request.path, None, context)
        with Path(request.sidecar).open("rb") as file:
            manifest = file.read(LARGEST_SIDECAR)
        # c2pa hashes by the type: a sidecar of the studio is made for the file as a whole, those of others may not be.
        kinds = dict.fromkeys((ANY, request.media_type))
        tried = [_read(kind, request.path, manifest, context) for kind in kinds]
        return next((one for one in tried if one.holds), tried[0])


def _read(kind: str, path: str, manifest: bytes | None, context: Context) -> FileStatement:
    carried = Carried.EMBEDDED if manifest is None else Carried.BESIDE
    try:
        with Path(path).open("rb") as stream, Reader(kind, stream, manifest, context=context) as reader:
            return statement_of(json.loads(reader.json()), str(reader.get_validation_state()), carried)
    except C2paError.ManifestNotFound:
        return FileStatement(carried=Carried.NONE)
    except C2paError.NotSupported:
        return FileStatement(carried=Carried.NONE)
    except (C2paError, ValueError, RecursionError) as error:
        elsewhere = _REMOTE in str(error)
        return FileStatement(
            carried=Carried.ELSEWHERE if elsewhere else Carried.DAMAGED, failures=() if elsewhere else (_said(error),)
        )


def sign(request: SignRequest) -> SignAnswer:
    by_hash = []
    with ExitStack() as open_:
        context = open_.enter_context(Context.from_dict(settings(request.roots)))
        info = C2paSignerInfo(
            alg=request.algorithm.encode(), sign_cert=request.certificates.encode(), private_key=request.key.encode(), ta_url=None
        )
        signer = open_.enter_context(Signer.from_info(info))
        builder = open_.enter_context(Builder(request.manifest, context=context))
        for ingredient in request.ingredients:
            if not _added(builder, ingredient):
                by_hash.append(str(ingredient.fields.get("label", "")))
        source = open_.enter_context(Path(request.source).open("rb"))
        if request.embed:
            with Path(request.target).open("x+b") as target:
                builder.sign(signer, request.media_type, source, target)
                target.flush()
                os.fsync(target.fileno())
        else:
            builder.set_no_embed()
            with Path(os.devnull).open("w+b") as nowhere:  # c2pa copies the source there
                manifest = builder.sign(signer, ANY, source, nowhere)
            with Path(request.target).open("xb") as target:
                target.write(manifest)
                target.flush()
                os.fsync(target.fileno())
    return SignAnswer(by_hash=tuple(by_hash))


def _added(builder: Builder, ingredient: Ingredient) -> bool:
    """Add an ingredient with the statement in its file; false where it is added by its hash alone."""
    if ingredient.path:
        try:
            with Path(ingredient.path).open("rb") as stream:
                builder.add_ingredient(ingredient.fields, ingredient.media_type, stream)
            return True
        except (C2paError, OSError):
            pass
    builder.add_ingredient(ingredient.fields, ANY, io.BytesIO(b""))
    return not ingredient.path


def limit(size: int, seconds: int) -> None:
    """End this process by itself where it would take more of the machine than work on so large a file can need."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    memory = _MEMORY_BASE + 3 * size
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def seconds_for(size: int) -> int:
    """How long work on so large a file may take; 1 GiB of WAV took 20 s."""
    return 30 + size // (5 * 1024**2)


def _said(error: Exception) -> str:
    """The library's own words, without paths and on one line."""
    return _PATH.sub("…", " ".join(str(error).split()))[:300]


def main() -> None:
    request: ReadRequest | SignRequest = TypeAdapter(ReadRequest | SignRequest).validate_json(sys.stdin.buffer.read())
    path = request.path if isinstance(request, ReadRequest) else request.source
    size = Path(path).stat().st_size
    limit(size, seconds_for(size))
    answer: BaseModel
    try:
        answer = sign(request) if isinstance(request, SignRequest) else ReadAnswer(statement=read(request))
    except (C2paError, OSError) as error:
        answer = SigningTrouble(problem=_said(error))
    sys.stdout.write(answer.model_dump_json())
    sys.stdout.flush()


if __name__ == "__main__":
    main()
