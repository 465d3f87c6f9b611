#!/bin/sh
# Makes .venv and fills it: `deploy/run/setup.sh` with what runs, `deploy/run/setup.sh dev` with tests and checks too,
# `deploy/run/setup.sh saml` with what signing in by SAML needs.
# Plain POSIX sh, so that an old Python or none at all gets a sentence. A second call costs a few milliseconds:
# a stamp in .venv remembers which requirements are installed.
set -eu
cd "$(dirname "$0")/../.."
what="${1:-run}"
venv=.venv
python="$venv/bin/python"

say() { printf '%s\n' "$*" >&2; }

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 && new_enough "$name"; then
            command -v "$name"
            return 0
        fi
    done
    found=$(python3 -c 'import platform; print("Python " + platform.python_version())' 2>/dev/null || echo "no Python 3")
    say "FeedForward needs Python 3.11 or newer; this machine has $found."
    say "Install a newer one (for example: apt install python3.11 python3.11-venv), or name it: make run PYTHON=/path/to/python3.11"
    return 1
}

usable() {
    [ -x "$python" ] && new_enough "$python" && { "$python" -m pip --version >/dev/null 2>&1 || has_uv; }
}

has_uv() { command -v uv >/dev/null 2>&1; }

make_venv() {
    base=$(find_python)
    say "Making $venv with $base ..."
    if "$base" -m venv --clear "$venv" >"$log" 2>&1; then return 0; fi
    if has_uv && UV_PYTHON_DOWNLOADS=never uv venv -q --clear --python "$base" "$venv" >>"$log" 2>&1; then return 0; fi
    tail -n 5 "$log" >&2
    rm -rf "$venv"
    say "The virtual environment could not be made with $base."
    say "On Debian and Ubuntu its module is a package of its own: apt install python3-venv"
    return 1
}

checksum() {
    "$python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}

install() {
    list=$1
    stamp="$venv/.installed-$list"
    sum=$(checksum "$list")
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ]; then return 0; fi
    say "Installing $list into $venv (about a minute the first time) ..."
    if has_uv && UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 \
        uv pip install -q --python "$python" --require-hashes -r "$list" >"$log" 2>&1; then
        :
    elif "$python" -m pip install -q --disable-pip-version-check --no-input --require-hashes -r "$list" >"$log" 2>&1; then
        :
    else
        tail -n 15 "$log" >&2
        say "The packages in $list could not be installed; the lines above say why. Is the network there? Then run make again."
        return 1
    fi
    printf '%s\n' "$sum" >"$stamp"
}

log=$(mktemp "${TMPDIR:-/tmp}/feedforward-setup.XXXXXX")
trap 'rm -f "$log"' EXIT
usable || make_venv
install requirements.txt
if [ "$what" = dev ]; then install requirements-dev.txt; fi
if [ "$what" = saml ]; then install requirements-saml.txt; fi
if [ "$what" = s3 ]; then install requirements-s3.txt; fi
