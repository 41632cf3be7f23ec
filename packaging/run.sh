#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: packaging/run.sh [ARGUMENT...]

Starts StableEdit Workbench: its window without arguments, otherwise the command line (run, models, export, ...).
The first start makes the virtual environment .venv and installs everything into it, which takes some minutes; a
later start does so again only after the project's requirements changed. Works from any folder.

  packaging/run.sh -h         this text
  packaging/run.sh -- --help  the workbench's own help
TEXT
}

case ${1-} in
    -h | --help)
        usage
        exit
        ;;
    --) shift ;;
esac

# shellcheck source=packaging/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

prepare_environment run
if (($# == 0)); then
    platform=${WAYLAND_DISPLAY:+wayland}
    platform=${QT_QPA_PLATFORM:-${platform:-xcb}}
    prepare_libraries "${platform%%[:;]*}" || exit 1
fi

exec "$python" -P -m workbench "$@"
