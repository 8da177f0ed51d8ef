#!/usr/bin/env bash
# Makes requirements.lock and tests/requirements.lock anew: one lock for Python 3.11 to 3.13, x86-64 and aarch64, with hashes.
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
        --custom-compile-command 'tests/tools/lock.sh' "$@"
}

compile requirements.in -o requirements.lock "${@}"
compile tests/requirements.in -o tests/requirements.lock "${@}"
