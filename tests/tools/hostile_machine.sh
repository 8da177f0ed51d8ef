#!/usr/bin/env bash
# Runs the tests on a machine as foreign as this one can be made, to find what depends on the machine:
#
#   tests/tools/hostile_machine.sh                          everything, as ./launch.sh test does
#   tests/tools/hostile_machine.sh tests/studio -k wheel    the tests that pytest's arguments name
#
# a Turkish locale (a comma in numbers, another i), the time of Kathmandu, a pip configuration that fetches from nowhere and
# installs elsewhere, the oldest instruction sets for CTranslate2, oneDNN and OpenBLAS, one core, and the disk when nobody else
# wants it. HOSTILE_LOCALE=de_DE.UTF-8 names another locale; it is made where the machine lacks it. ./launch.sh test has to be
# green here as anywhere.
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

./launch.sh test --version >/dev/null # what the tests need is installed on the machine as it is

place=$(mktemp -d)
chmod 755 "$place" # tests that run as another user read the locale too
trap 'rm -rf -- "$place"' EXIT

locale=${HOSTILE_LOCALE:-tr_TR.UTF-8}
LOCPATH=${LOCPATH:-}
if ! locale -a 2>/dev/null | tr -d '-' | grep -qix -- "${locale//-/}"; then
    if localedef -i "${locale%%.*}" -f UTF-8 "$place/$locale" 2>/dev/null; then
        LOCPATH=$place
    else
        echo "The locale $locale is not here and cannot be made (on Debian: apt-get install locales); LC_ALL=C instead." >&2
        locale=C
    fi
fi
foreign=(LC_ALL="$locale" LANG="$locale" LANGUAGE="${locale%%_*}" TZ=Asia/Kathmandu)
if [ -n "$LOCPATH" ]; then foreign+=(LOCPATH="$LOCPATH"); fi

cat >"$place/pip.conf" <<'TEXT'
[global]
index-url = http://127.0.0.1:9/simple
timeout = 1
retries = 0
require-virtualenv = true
no-color = true
quiet = 1
[install]
user = true
require-hashes = true
TEXT
foreign+=(PIP_CONFIG_FILE="$place/pip.conf")

foreign+=(CT2_FORCE_CPU_ISA=GENERIC)
case $(uname -m) in
    x86_64) foreign+=(ONEDNN_MAX_CPU_ISA=SSE41 OPENBLAS_CORETYPE=Nehalem) ;;
    *) foreign+=(OPENBLAS_CORETYPE=ARMV8) ;;
esac

core=$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')
failed=0
env "${foreign[@]}" taskset -c "$core" ionice -c 3 ./launch.sh test "$@" || failed=$?
exit "$failed"
