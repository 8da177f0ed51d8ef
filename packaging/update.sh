#!/usr/bin/env bash
# `./launch.sh update`: another version in the same folder, with a backup before and a way back. Sourced by launch.sh.

# Where the way back is kept: the commit before, the backup, and the formats that the data had then.
way_back() { git rev-parse --git-path greenroom-way-back; }

data_command() { PYTHONPATH=$PWD PYTHONUTF8=1 .venv/bin/python -P -m "$@"; }

refuse_other_copies() {
    [ "$(git rev-parse --show-toplevel 2>/dev/null || true)" = "$PWD" ] ||
        fail "This copy is no git clone, so it cannot be updated in place. Unpack the new release beside it, and start that with --data $PWD/data; make a backup first: ./launch.sh backup."
    local changed
    changed=$(git status --porcelain --untracked-files=no | head -n 3 | cut -c4- | paste -sd ' ')
    [ -z "$changed" ] ||
        fail "Files of Greenroom were changed here ($changed), and nothing of yours is put away or written over. Keep the changes in a commit or a file of their own, or undo them with git checkout -- FILE, and update again."
}

# The newest release by its tag; without any, the newest commit where this clone came from.
newest_version() {
    local tag
    tag=$(git tag --list 'v[0-9]*' --sort=-version:refname | head -n 1)
    if [ -n "$tag" ]; then
        say "$tag"
    else
        git rev-parse --abbrev-ref origin/HEAD 2>/dev/null ||
            fail "There is no release to update to: this clone has no tags, and it is unknown where it came from. Name one with --to."
    fi
}

folder_of_data() {
    data_command studio.backup.show "$@" --folder || fail "The data folder cannot be found; name it with --data."
}

stop_server() {
    local holder=$1
    [ -n "$holder" ] || return 0
    if service_runs; then
        say "Stopping the service ..."
        systemctl --user stop greenroom.service || fail "The service cannot be stopped."
        restart=yes
    else
        fail "Greenroom is running on this data folder (process $holder); stop it first, so that it does not run on files of two versions."
    fi
}

give_up() {
    start_again
    fail "$@"
}

start_again() { if [ "${restart:-}" = yes ]; then systemctl --user restart greenroom.service; fi; }

switch_to() {
    local commit=$1
    git -c advice.detachedHead=false checkout --quiet "$commit" && ./launch.sh setup # which is that version's own
}

go_forward() {
    local data=$1 target=$2 before after backup
    if [ -z "$target" ]; then
        say "Looking for a newer version ..."
        git fetch --quiet --tags || fail "The newer version could not be fetched; connect to the network, and update again."
        target=$(newest_version)
    fi
    before=$(git rev-parse HEAD)
    after=$(git rev-parse --verify --quiet "$target^{commit}") || fail "There is no version $target."
    if [ "$before" = "$after" ] || { [ -z "$named" ] && git merge-base --is-ancestor "$after" "$before"; }; then
        say "Greenroom $(cat VERSION) is the newest."
        return
    fi
    stop_server "$(folder_of_data --data "$data" --holder)"
    backup=''
    if [ -n "$(ls -A "$data" 2>/dev/null)" ]; then
        backup=$data/backups/before-$(git rev-parse --short "$after")-$(date +%Y%m%d-%H%M%S).zip
        data_command studio.backup backup "$backup" --data "$data" || give_up "No backup could be made, so nothing was changed."
    fi
    printf '%s\n%s\n%s\n%s\n' "$before" "$backup" "$data" "$(data_command studio.backup.show --data "$data" --formats)" >"$(way_back)"
    switch_to "$after" || {
        git checkout --quiet "$before"
        ./launch.sh setup || true
        give_up "The new version could not be set up, so the one before is back. What was said above is why."
    }
    say "Now Greenroom $(cat VERSION). ./launch.sh update --back goes back to the version before."
    start_again
}

go_back() {
    local before backup data formats now
    [ -r "$(way_back)" ] || fail "There is no version to go back to: ./launch.sh update has not changed anything here."
    { IFS= read -r before && IFS= read -r backup && IFS= read -r data && IFS= read -r formats; } <"$(way_back)"
    stop_server "$(folder_of_data --data "$data" --holder)"
    now=$(data_command studio.backup.show --data "$data" --formats)
    if [ -n "$backup" ] && [ "$now" != "$formats" ]; then
        say "The data has been brought to a format that the version before cannot read, so the backup of then comes back."
        data_command studio.backup restore "$backup" --replace --data "$data" || give_up "The backup could not be restored, so nothing was changed."
    fi
    switch_to "$before" || fail "The version before could not be set up; ./launch.sh says what is in the way."
    rm -f "$(way_back)"
    say "Back at Greenroom $(cat VERSION)."
    start_again
}

run_update() {
    local home=$1 named='' back='' data=''
    shift
    while [ $# -gt 0 ]; do
        case $1 in
            --back) back=yes ;;
            --to | --data)
                [ $# -gt 1 ] || fail "$1 needs a value."
                if [ "$1" = --to ]; then named=$2; else data=$(realpath -m -- "$2"); fi
                shift
                ;;
            *) fail "./launch.sh update takes --to VERSION, --back and --data FOLDER." ;;
        esac
        shift
    done
    cd "$home" || exit 2
    # shellcheck source=/dev/null
    . packaging/service.sh
    refuse_other_copies
    set_up_studio
    if [ -z "$data" ]; then data=$(folder_of_data); fi
    if [ "$back" = yes ]; then go_back; else go_forward "$data" "$named"; fi
}
