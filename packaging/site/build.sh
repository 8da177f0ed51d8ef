#!/usr/bin/env bash
# Builds the documents into site/ with packages of its own, from a lock; any warning, such as a link that leads nowhere, is an error.
# Another folder may be named: packaging/site/build.sh FOLDER
set -euo pipefail
target=$(realpath -m -- "${1:-site}")
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
environment=${SITE_ENVIRONMENT:-.venv-site}
lock=packaging/site/requirements.lock
if ! cmp -s "$lock" "$environment/installed.lock"; then
    "${PYTHON:-python3}" -m venv --clear "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    cp "$lock" "$environment/installed.lock"
fi
# Not --quiet: MkDocs counts only the warnings that it would print.
if ! said=$(NO_MKDOCS_2_WARNING=1 "$environment/bin/mkdocs" build --strict --site-dir "$target" 2>&1); then
    printf '%s\n' "$said" >&2
    exit 1
fi
echo "Built: $target/index.html"
