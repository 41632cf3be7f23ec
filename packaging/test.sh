#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: packaging/test.sh [--fresh] [PYTEST ARGUMENT...]

Checks formatting, lint, types and the direction of imports, then runs all tests, without a display or network,
on as many processor cores as there are, four at most (-n 0: in one process).
Goes through every stage and fails at the end if one of them failed. The first start makes the virtual environment
.venv and installs everything into it. Works from any folder.

  packaging/test.sh -h                 this text
  packaging/test.sh --fresh            with the newest that pyproject.toml allows, in .venv-fresh
  packaging/test.sh -m "not starter"  without the tests that load the starter model
  packaging/test.sh tests/facts -x    some tests; paths are relative to the project
  packaging/test.sh -- --help         pytest's own help
TEXT
}

case ${1-} in
    -h | --help)
        usage
        exit
        ;;
    --fresh)
        fresh=yes
        shift
        ;;
    --) shift ;;
esac

# shellcheck source=packaging/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

prepare_environment dev
prepare_libraries offscreen || exit 1

cd -- "$project"
unset DISPLAY WAYLAND_DISPLAY
export QT_QPA_PLATFORM=offscreen HF_HUB_OFFLINE=1

failed=()
stage() {
    local name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" || failed+=("$name")
}

stage format "$python" -m ruff format --check .
stage lint "$python" -m ruff check .
stage types "$python" -m mypy
stage imports "$venv/bin/lint-imports" --no-logo
workers=$(getconf _NPROCESSORS_ONLN)
stage tests "$python" -m pytest -n "$((workers < 4 ? workers : 4))" "$@"

if ((${#failed[@]})); then
    printf '\nFailed: %s\n' "${failed[*]}" >&2
    exit 1
fi
