#!/usr/bin/env bash
# `./launch.sh service`: Greenroom as a systemd service of the person who calls it. Sourced by launch.sh, which has say and fail.

unit_path() { say "${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/greenroom.service"; }

# An argument as systemd.service(5) takes it: in quotes, with specifiers and variables taken as they stand.
quoted_for_unit() {
    local text=$1
    case $text in
        *$'\n'*) fail "An option of the service may not have a line break in it." ;;
    esac
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    text=${text//%/%%}
    text=${text//\$/\$\$}
    printf '"%s"' "$text"
}

# Exit status 2 means that a start cannot succeed, with the reason in the journal, so it is not tried again.
print_unit() {
    local home=$1 command option
    shift
    command=$(quoted_for_unit "$home/launch.sh")
    for option in "$@"; do command+=" $(quoted_for_unit "$option")"; done
    cat <<UNIT
[Unit]
Description=Greenroom, a local voice and video studio
Documentation=file://${home// /%%20}/README.md
After=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart=$command
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2
# The first start of a new version installs its packages.
TimeoutStartSec=30min
# Running jobs are interrupted and go on at the next start; what does not end is ended with its workers.
KillMode=mixed
TimeoutStopSec=30
OOMPolicy=continue

[Install]
WantedBy=default.target
UNIT
}

# Where there is no session bus, as after su, the manager of the person may still be there.
need_systemd() {
    command -v systemctl >/dev/null 2>&1 || fail "This machine has no systemd; start Greenroom with ./launch.sh."
    systemctl --user show-environment >/dev/null 2>&1 ||
        fail "systemd has no session for you here (systemctl --user does not answer); log in as yourself, on the machine or by ssh, and try again."
}

# What `./launch.sh` would refuse is told now, and not by a service that does not start.
check_options() {
    local home=$1
    shift
    PYTHONPATH=$home "$home/.venv/bin/python" -P -c 'import sys, app; app.read_command_line(sys.argv[1:])' "$@" ||
        fail "These are no options of ./launch.sh; ./launch.sh --help names them."
}

install_service() {
    local home=$1 unit
    shift
    need_systemd
    (cd "$home" && set_up_studio)
    check_options "$home" "$@"
    unit=$(unit_path)
    mkdir -p "$(dirname "$unit")" || fail "The folder $(dirname "$unit") cannot be made."
    print_unit "$home" "$@" >"$unit" || fail "The unit $unit cannot be written."
    systemctl --user daemon-reload
    systemctl --user enable greenroom.service >/dev/null 2>&1 || fail "systemd does not take the unit; systemctl --user enable greenroom.service says why."
    systemctl --user restart greenroom.service ||
        fail "The service does not start; journalctl --user -u greenroom -n 20 says why."
    say "Greenroom runs, and starts when you log in. ./launch.sh service status shows it." \
        "To have it run while nobody is logged in: loginctl enable-linger"
}

remove_service() {
    local unit
    unit=$(unit_path)
    if [ ! -e "$unit" ]; then
        say "There is no service of Greenroom here."
        return
    fi
    if command -v systemctl >/dev/null 2>&1; then systemctl --user disable --now greenroom.service >/dev/null 2>&1 || true; fi
    rm -f "$unit"
    if command -v systemctl >/dev/null 2>&1; then systemctl --user daemon-reload >/dev/null 2>&1 || true; fi
    say "The service is gone. Your data and the studio itself are as they were."
}

service_runs() { [ -e "$(unit_path)" ] && systemctl --user is-active --quiet greenroom.service 2>/dev/null; }

run_service() {
    local home=$1 action=${2:-}
    shift
    if [ $# -gt 0 ]; then shift; fi
    case $action in
        install) install_service "$home" "$@" ;;
        remove) remove_service ;;
        print) print_unit "$home" "$@" ;;
        status)
            [ -e "$(unit_path)" ] || fail "There is no service of Greenroom here; ./launch.sh service install makes one."
            need_systemd
            systemctl --user status --no-pager greenroom.service
            ;;
        *) fail "./launch.sh service takes install, remove, status or print." ;;
    esac
}
