#!/usr/bin/env bash
# `./launch.sh uninstall`: takes back what the set-up has made, and says what stays. Sourced by launch.sh.

run_uninstall() {
    local home=$1 data size
    shift
    [ $# -eq 0 ] || fail "./launch.sh uninstall takes no arguments."
    cd "$home" || exit 2
    # shellcheck source=/dev/null
    . packaging/service.sh
    data=$home/data
    if [ -x .venv/bin/python ]; then
        data=$(PYTHONPATH=$home .venv/bin/python -P -m studio.backup.show --folder 2>/dev/null) || data=$home/data
        if [ -n "$(PYTHONPATH=$home .venv/bin/python -P -m studio.backup.show --holder 2>/dev/null)" ] && ! service_runs; then
            fail "Greenroom is running; stop it first."
        fi
    fi
    if [ -e "$(unit_path)" ]; then remove_service; fi
    rm -rf .venv
    say "Removed: Greenroom's own Python environment (.venv)."
    if [ -d "$data" ]; then
        size=$(du -sh "$data" 2>/dev/null | cut -f1)
        say "Your data stays: $data ($size) with voices, projects, outputs, and the models that were downloaded." \
            "Of that folder, weights/ and environments/ can be deleted without a loss; the rest is your work."
    fi
    say "This folder stays as well: $home. ./launch.sh sets everything up again."
}
