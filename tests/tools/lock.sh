#!/usr/bin/env bash
# Makes requirements.lock, tests/requirements.lock and the locks of the model environments anew: each one lock for Python
# 3.11 to 3.13, x86-64 and aarch64. The studio's carry hashes; those of the model environments do not, because pip may take
# another build of torch than the public one (CPU only), and leave out what a CUDA build of torch brings by itself.
# Versions already locked are kept; `tests/tools/lock.sh --upgrade` takes the newest, `--upgrade-package NAME` just one.
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

command -v uv >/dev/null || {
    echo "uv is needed to make the locks; install it (pip install uv) and start again." >&2
    exit 2
}

compile() {
    # No --find-links or other index of this machine: the lock must hold what everyone can get.
    UV_FIND_LINKS='' uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
        --constraint tests/tools/constraints.txt --custom-compile-command 'tests/tools/lock.sh' "$@"
}

compile requirements.in -o requirements.lock "${@}"
compile tests/requirements.in -o tests/requirements.lock "${@}"
compile packaging/site/requirements.in -o packaging/site/requirements.lock "${@}"

compile_models() {
    local name=$1 folder=engines/environments raw
    shift
    raw=$(mktemp)
    if [ -f "$folder/$name.lock" ]; then cp "$folder/$name.lock" "$raw"; fi # versions already locked are preferred
    if [ -f "$folder/$name.overrides" ]; then set -- --override "$folder/$name.overrides" "$@"; fi
    UV_FIND_LINKS='' uv pip compile --no-config --quiet --universal --python-version 3.11 --no-annotate --no-header \
        "$folder/$name.in" -o "$raw" "$@" >/dev/null
    {
        echo "# Made from $name.in by tests/tools/lock.sh; edit that one, then run this."
        grep -vE "^(#|$)|^(nvidia-|cuda-|triton==)|sys_platform == '(never|win32)'$" "$raw"
    } >"$folder/$name.lock"
    rm -f "$raw"
    if grep -qE '^torchvision' "$folder/$name.lock"; then
        echo "torchvision is in $name.lock: beside a CPU build of torch it breaks transformers; find out who asks for it." >&2
        exit 1
    fi
}

for source in engines/environments/*.in; do
    name=$(basename "$source" .in)
    compile_models "$name" "${@}"
done
