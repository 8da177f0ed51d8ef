#!/usr/bin/env bash
# Sets Greenroom up in its own folder the first time, and starts it every time. `./launch.sh --help` says what it takes.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: ./launch.sh [--host HOST] [--port PORT] [--data FOLDER]           start the studio
       ./launch.sh --offline                                             start it and download nothing
       ./launch.sh --lan [--https] [--new-token] [--root-path PATH]      start it for other machines too, behind a token
       ./launch.sh call [NAME [key=value ...]]                           make a public call of the running studio, or list them
       ./launch.sh test [pytest arguments]                               run the tests
       ./launch.sh check                                                 lint, types, contracts and the unit tests: a minute
       ./launch.sh bench [names]                                         measure this machine
       ./launch.sh prove [ENGINE ...] [--yes] [--save MACHINE]           prove every engine here: load, work, judge, unload
       ./launch.sh doctor [--json] [--data FOLDER]                       try what the studio needs of this machine
       ./launch.sh install [ENVIRONMENT] [--data FOLDER]                 install a model environment, or list them
       ./launch.sh models [--data FOLDER]                                fetch Kokoro and Whisper base now
       ./launch.sh backup [FILE] [--data FOLDER]                         keep voices, projects, jobs and outputs in one file
       ./launch.sh restore FILE [--replace] [--data FOLDER]              bring such a file back
       ./launch.sh setup                                                 set everything up and start nothing
       ./launch.sh update [--to VERSION | --back]                        the newest version, with a backup first; or back to the last
       ./launch.sh service install|remove|status|print [start options]   let systemd start it with you and keep it running
       ./launch.sh uninstall                                             remove what was set up here; your data stays
       ./launch.sh --version                                             print the version

PYTHON=/path/to/python chooses the Python (3.11 to 3.13) that the first start uses. Where uv is installed it installs the packages
and fetches a Python if none fits; GREENROOM_INSTALLER=pip leaves it out.
TEXT
}

say() { printf '%s\n' "$*"; }

fail() {
    printf 'Greenroom: %s\n' "$*" >&2
    exit 2
}

# Where this file really lies, through any symbolic links, so that it can be started from everywhere.
home_folder() {
    local file=$1 folder target
    while [ -L "$file" ]; do
        folder=$(cd -P -- "$(dirname -- "$file")" && pwd)
        target=$(readlink -- "$file")
        case $target in
            /*) file=$target ;;
            *) file=$folder/$target ;;
        esac
    done
    cd -P -- "$(dirname -- "$file")" && pwd
}

# "3.12" for a Python that can run the studio; nothing for one that cannot start or is another version.
supported_version() {
    "$1" -c 'import sys; v = sys.version_info[:2]; print("%d.%d" % v) if (3, 11) <= v <= (3, 13) else None' 2>/dev/null || true
}

# uv is used where it is there: it installs the same lock sooner, and fetches a Python where none fits.
have_uv() { [ "${GREENROOM_INSTALLER:-}" != pip ] && command -v uv >/dev/null 2>&1; }

python_of_uv() {
    say "No Python 3.11 to 3.13 is here; uv fetches one ..." >&2
    uv python install --quiet --no-config 3.12 >&2 && uv python find --no-config --no-project 3.12 2>/dev/null
}

find_python() {
    local candidate seen=''
    if [ -n "${PYTHON:-}" ]; then
        [ -n "$(supported_version "$PYTHON")" ] || fail "PYTHON=$PYTHON is not a working Python 3.11, 3.12 or 3.13; name one that is, or unset PYTHON."
        say "$PYTHON"
        return
    fi
    for candidate in python3.13 python3.12 python3.11 python3; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        if [ -n "$(supported_version "$candidate")" ]; then
            command -v "$candidate"
            return
        fi
        seen=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true)
    done
    if have_uv && candidate=$(python_of_uv) && [ -n "$(supported_version "$candidate")" ]; then
        say "$candidate"
        return
    fi
    [ -z "$seen" ] || fail "Python 3.11, 3.12 or 3.13 is needed and this machine has $seen; install one (on Debian and Ubuntu: apt-get install python3.12 python3.12-venv), or name it with PYTHON=/path/to/python."
    fail "No Python was found; install Python 3.11, 3.12 or 3.13 (on Debian and Ubuntu: apt-get install python3 python3-venv), or uv, which fetches one."
}

check_room() {
    local needed_mb=$1 free_kb
    [ -w . ] || fail "The folder $PWD cannot be written to; move Greenroom to a folder of yours, or change its owner."
    free_kb=$(df -Pk . 2>/dev/null | awk 'NR == 2 { print $4 }')
    case $free_kb in
        '' | *[!0-9]*) return ;;
    esac
    [ "$free_kb" -ge $((needed_mb * 1024)) ] ||
        fail "The set-up needs about $needed_mb MB of disk and $((free_kb / 1024)) MB are free in $PWD; make room there and start again."
}

make_venv() {
    local python
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || have_uv ||
        fail "This Python has no venv module; install it (on Debian and Ubuntu: apt-get install python$(supported_version "$python")-venv) and start again."
    say "Making Greenroom's own Python environment in .venv ..."
    make_venv_with "$python" >/dev/null || fail "The environment .venv could not be made with $python; remove the folder .venv and start again."
}

make_venv_with() {
    if "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        "$1" -m venv --clear .venv
    else
        uv venv --quiet --no-config --clear --seed --python "$1" .venv # with pip, which installs model environments
    fi
}

# One sentence for the ways in which pip fails on a machine of one's own.
explain_pip() {
    local log=$1
    if grep -qF "pip's own configuration cannot be read" "$log"; then
        fail "pip's own configuration cannot be read; mend the file (.venv/bin/python -m pip config debug names those that are read). Details: $log"
    elif grep -qiE 'no space left|errno 28|disk quota' "$log"; then
        fail "The disk is full; make room (the set-up needs about 2000 MB) and start again."
    elif grep -qiE 'name resolution|name or service not known|getaddrinfo|network is unreachable|no route to host|connection refused|connection error|newconnectionerror|max retries|timed out|proxyerror' "$log"; then
        fail "The packages could not be downloaded because the network cannot be reached; connect, and start again."
    elif grep -qiE 'do not match the hashes' "$log"; then
        fail "A downloaded package is not the one that Greenroom was tested with; try again, and on another network if that does not help."
    elif grep -qiE 'no matching distribution' "$log"; then
        fail "A package has no build for this machine ($(uname -m)); Greenroom runs on Linux with x86-64 or aarch64. Details: $log"
    elif grep -qiE 'permission denied' "$log"; then
        fail "A file in $PWD/.venv cannot be written to; change its owner, or remove .venv and start again."
    fi
    fail "The packages could not be installed; what pip said stands in $log."
}

install_lock() {
    local lock=$1 total=0 count=0 line status log=.venv/setup.log
    if have_uv && uv pip install --no-config --quiet --require-hashes --python .venv/bin/python -r "$lock" >>"$log" 2>&1; then return; fi
    total=$(grep -cE '^[A-Za-z0-9]' "$lock") || true
    set +e
    .venv/bin/python -P studio/environments/pip_settings.py install --require-hashes --disable-pip-version-check --no-input --progress-bar off --retries 2 \
        --timeout 60 -r "$lock" 2>&1 | while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        case $line in
            Collecting*)
                count=$((count + 1))
                if [ -t 1 ]; then printf '\r  %d of about %d packages ' "$count" "$total"; fi
                ;;
            'Installing collected'*) if [ -t 1 ]; then printf '\r  unpacking                    '; fi ;;
        esac
    done
    status=${PIPESTATUS[0]}
    set -e
    if [ -t 1 ]; then printf '\r%32s\r' ''; fi
    [ "$status" -eq 0 ] || explain_pip "$log"
}

# The stamp of a finished set-up names the lock and the Python; while one is under way it reads "unfinished".
stamp_of() {
    local lock=$1 hash version=''
    hash=$(sha256sum "$lock") || fail "sha256sum is missing; install coreutils and start again."
    if [ -r .venv/pyvenv.cfg ]; then version=$(sed -n 's/^version *= *//p' .venv/pyvenv.cfg); fi
    say "${hash%% *} Python $version"
}

unfinished() { grep -qsx unfinished .venv/set-up .venv/set-up-tests; }

is_set_up() {
    local stamp=$1 lock=$2
    [ -x .venv/bin/python ] && [ -r "$stamp" ] && ! unfinished && [ "$(cat "$stamp")" = "$(stamp_of "$lock")" ]
}

# Install a lock into .venv unless that has been done. A set-up that was interrupted is done again from the start.
set_up() {
    local stamp=$1 lock=$2 what=$3 megabytes=$4 begin=$SECONDS
    if is_set_up "$stamp" "$lock"; then return; fi
    check_room "$megabytes"
    exec 9<. # one set-up at a time in this folder; a second one waits here and finds it done
    flock 9 2>/dev/null || true
    if ! is_set_up "$stamp" "$lock"; then
        if [ ! -x .venv/bin/python ] || unfinished || [ -z "$(supported_version .venv/bin/python)" ]; then make_venv; fi
        say "Installing $what; this happens once and takes a minute or two ..."
        printf 'unfinished\n' >"$stamp"
        : >.venv/setup.log
        install_lock "$lock"
        stamp_of "$lock" >"$stamp"
        say "Done in $((SECONDS - begin)) s."
    fi
    exec 9<&-
}

set_up_studio() { set_up .venv/set-up requirements.lock "Greenroom's packages" 2000; }

find_chromium() {
    local candidate
    for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
    fail "The tests drive the page in Chromium and none was found; install it (on Debian: apt-get install chromium), or name it with CHROMIUM=/path/to/chromium."
}

set_up_tests() {
    set_up_studio
    set_up .venv/set-up-tests tests/requirements.lock "what tests and benches need" 500
}

run_tests() {
    set_up_tests
    CHROMIUM=$(find_chromium)
    export CHROMIUM
    unset PYTHONDONTWRITEBYTECODE # hundreds of studios and workers are started: each would compile everything anew
    if [ $# -gt 0 ]; then exec .venv/bin/python -m pytest "$@"; fi
    # Side by side, each file's tests in one process, and more processes than cores since much of a test is waiting; then the
    # journeys, one at a time since a browser wants a calm machine, and without reading the other tests once more. Coverage is
    # measured in both and printed at the end.
    local failed=0 journeys
    mapfile -t journeys < <(grep -rlE --include='test_*.py' 'mark\.journey' tests)
    .venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not journey" --cov --cov-report= || failed=$?
    .venv/bin/python -m pytest -n 1 --dist loadfile --no-loadscope-reorder -m journey --cov --cov-append --cov-report= "${journeys[@]}" || failed=$?
    .venv/bin/python -m tests.coverage_figure || failed=$?
    exit "$failed"
}

# One step of the check: its name, then the command, which is silent unless it finds something.
check_step() {
    local name=$1 begin=$SECONDS output
    shift
    if output=$("$@" 2>&1); then
        say "  ok      $name ($((SECONDS - begin)) s)"
    else
        say "  FAILED  $name ($((SECONDS - begin)) s)" "$output"
        return 1
    fi
}

# What is worth knowing before every commit: no server, no worker, no browser. All steps run, whatever an earlier one found.
run_check() {
    set_up_tests
    local bin=.venv/bin failed=0 units
    units=$("$bin/python" -m tests.unit) || fail "The unit tests could not be listed; tests/unit.py says above which name is wrong."
    mapfile -t units <<<"$units"
    check_step "lint" "$bin/ruff" check . || failed=1
    check_step "format" "$bin/ruff" format --check . || failed=1
    check_step "scripts" check_scripts || failed=1
    check_step "imports" "$bin/lint-imports" || failed=1
    check_step "packages" "$bin/deptry" . || failed=1
    check_step "types" "$bin/mypy" || failed=1
    check_step "unit tests" "$bin/python" -m pytest -q -n 2 --dist loadfile -m "not slow and not journey" "${units[@]}" || failed=1
    exit "$failed"
}

check_scripts() {
    local checker=.venv/bin/shellcheck
    [ -x "$checker" ] || checker=shellcheck
    git ls-files -z -- '*.sh' .ci/run | xargs -0 "$checker"
}

main() {
    local home
    home=$(home_folder "${BASH_SOURCE[0]}")
    case ${1:-} in
        -h | --help)
            usage
            exit 0
            ;;
        --version)
            [ -s "$home/VERSION" ] || fail "The file VERSION is missing from $home; fetch Greenroom again."
            say "Greenroom $(cat "$home/VERSION")"
            exit 0
            ;;
        doctor | install | models)
            local module=doctor
            case $1 in
                install) module=environments ;;
                models) module=weights ;;
            esac
            shift
            (cd "$home" && set_up_studio)
            exec env PYTHONPATH="$home" "$home/.venv/bin/python" -P -m "studio.$module" "$@"
            ;;
        backup | restore)
            (cd "$home" && set_up_studio) # a relative FILE is meant from where the person stands
            exec env PYTHONPATH="$home" PYTHONUTF8=1 "$home/.venv/bin/python" -P -m studio.backup "$@"
            ;;
        setup)
            [ $# -eq 1 ] || fail "./launch.sh setup takes no arguments."
            cd "$home"
            set_up_studio
            exit
            ;;
        service | update | uninstall)
            local command=$1
            shift
            [ -r "$home/packaging/$command.sh" ] || fail "The folder packaging is missing from $home; fetch Greenroom again."
            # shellcheck source=/dev/null
            . "$home/packaging/$command.sh"
            "run_$command" "$home" "$@"
            exit
            ;;
        prove)
            shift
            (cd "$home" && set_up_studio)
            exec env PYTHONPATH="$home" PYTHONUTF8=1 "$home/.venv/bin/python" -P -m bench.prove "$@"
            ;;
        call)
            shift
            (cd "$home" && set_up_studio)
            exec env PYTHONPATH="$home" PYTHONUTF8=1 "$home/.venv/bin/python" -P -m api.command_line "$@"
            ;;
        check)
            [ $# -eq 1 ] || fail "./launch.sh check takes no arguments; ./launch.sh test takes those of pytest."
            cd "$home"
            run_check
            ;;
        test | bench)
            cd "$home"
            local command=$1
            shift
            if [ "$command" = test ]; then run_tests "$@"; fi
            set_up_tests
            exec .venv/bin/python -m bench.run "$@"
            ;;
        '' | -*) ;;
        *) fail "\"$1\" is not a command; ./launch.sh --help names them all." ;;
    esac
    local offered=$home/.venv/models-offered
    (cd "$home" && set_up_studio) # a relative --data is meant from where the person stands
    export PYTHONUTF8=1 # file names in any script, whatever the locale says, in the workers too
    if [ ! -e "$offered" ] && : 2>/dev/null >"$offered"; then # the first start fetches two models while the page is open
        set -- "$@" --fetch-models
    fi
    exec "$home/.venv/bin/python" "$home/app.py" "$@"
}

main "$@"
