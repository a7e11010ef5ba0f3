#!/usr/bin/env bash
# Make what scripts/run and scripts/test need: the virtual environment .venv, and the PC/SC stack with its tools.
# To be sourced, then it also sets the environment, or run by itself. Idempotent, and quick when nothing is to be done.
#
#   without_pcsc=1   set before sourcing: leave the PC/SC stack and pyscard alone
#   pcsc_problem     set after sourcing: why there is no PC/SC, empty when there is
#
# It never uses sudo: what is missing is installed when root runs this, and else unpacked into .pcsc. Either way no
# system-wide pcscd is started.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
unpacked=$root/.pcsc
log=$root/.cache/setup.log
pcsc_packages=(pcscd vsmartcard-vpcd libpcsclite1 opensc pcsc-tools openssl)
pcsc_tools=(opensc-tool pcsc_scan scriptor openssl) # openssl: the tests ask it for every cryptogram
pcsc_problem=

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

# step TEXT COMMAND...: run a command, its output into the log; say what goes on, and on failure show the log's end.
# Since it asks for the status, set -e is off inside the command: chain with && there.
step() {
    local text=$1 begin=$SECONDS
    shift
    printf '%s ... ' "$text" >&2
    printf '\n== %s\n' "$text" >>"$log"
    if "$@" </dev/null >>"$log" 2>&1; then
        printf 'done (%d s)\n' $((SECONDS - begin)) >&2
    else
        printf 'failed; the end of %s:\n' "$log" >&2
        tail -n 15 "$log" | sed 's/^/    /' >&2
        return 1
    fi
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# apt_install PACKAGE...: as root. The policy keeps services that come with a package from being started.
apt_install() (
    export DEBIAN_FRONTEND=noninteractive
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
    fi
    install=(apt-get install --yes --no-install-recommends "$@")
    # Package lists may be missing, as in container images, or too old.
    "${install[@]}" || { apt-get update && "${install[@]}"; }
)

# need TEXT PACKAGE...: install packages as root, else stop and tell how.
need() {
    local text=$1
    shift
    if ! is_root || ! command -v apt-get >/dev/null; then
        die "$text. Install what has it; on Debian: sudo apt install $*"
    fi
    step "$text: installing $*" apt_install "$@"
}

# --- Python

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    local python version
    # A tree that was moved or copied brings along a .venv whose programs point to the old place.
    if "$venv/bin/python" -c '' 2>/dev/null && grep -qF "$venv" "$venv/bin/activate"; then
        return
    fi
    if ! python=$(find_python); then
        need 'Python 3.11 or newer is needed' python3 python3-venv
        python=$(find_python) || die 'This system has no Python 3.11. Name one: PYTHON=/path/to/python3'
    fi
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        need "Python's module venv is needed" "python$version-venv"
    fi
    step "Making .venv with Python $version" "$python" -m venv --clear "$venv"
}

stamp_of() { sha256sum <"$root/pyproject.toml"; }

has_extra() { [ "$(cat "$venv/.installed-$1" 2>/dev/null)" = "$(stamp_of)" ]; }

# install_extra NAME: install the project with this extra of pyproject.toml into .venv.
install_extra() {
    step "Installing Python packages [$1]" \
        "$venv/bin/python" -m pip install --disable-pip-version-check --editable "${root}[$1]" &&
        stamp_of >"$venv/.installed-$1"
}

# --- PC/SC

# has_pcscd DIRECTORY: whether pcscd and the vpcd driver are below it.
has_pcscd() { [ -x "$1/usr/sbin/pcscd" ] && [ -e "$1/usr/lib/pcsc/drivers/serial/libifdvpcd.so" ]; }

has_stack() {
    local tool
    has_pcscd '' || has_pcscd "$unpacked" || return 1
    for tool in "${pcsc_tools[@]}"; do
        command -v "$tool" >/dev/null || return 1
    done
}

# has_header NAME: whether a C header is installed, or unpacked.
has_header() { [ -e "/usr/include/$1" ] || [ -e "$unpacked/usr/include/$1" ]; }

python_include() { "$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))'; }

# Name the packages that are missing to build pyscard, which comes as source only.
missing_to_build() {
    local include
    has_header PCSC/winscard.h || echo libpcsclite-dev
    command -v gcc >/dev/null || printf '%s\n' gcc libc6-dev
    include=$(python_include)
    [ -e "$include/Python.h" ] || has_header "${include##*/}/Python.h" || echo "${include##*/}-dev"
}

# unpack PACKAGE...: download packages and those they need and do not find here, and unpack them into .pcsc.
unpack() (
    fresh=$unpacked.new
    apt=(apt-get -o Debug::NoLocking=true)
    rm -rf "$fresh" &&
        mkdir -p "$fresh/debs" "$fresh/apt/lists/partial" "$fresh/apt/archives/partial" &&
        cd "$fresh/debs" || return 1
    simulate=(--simulate --no-install-recommends install "$@")
    if ! plan=$("${apt[@]}" "${simulate[@]}"); then
        # This system has no package lists: fetch some for ourselves.
        apt+=(-o "Dir::State::lists=$fresh/apt/lists" -o "Dir::Cache=$fresh/apt")
        "${apt[@]}" update && plan=$("${apt[@]}" "${simulate[@]}") || return 1
    fi
    # "Inst NAME (VERSION ...)" is new; "Inst NAME [INSTALLED] (VERSION ...)" is an upgrade, which nobody needs.
    mapfile -t wanted < <({
        printf '%s\n' "$@"
        sed -n 's/^Inst \([^ ]*\) (.*/\1/p' <<<"$plan"
    } | sort -u)
    "${apt[@]}" download "${wanted[@]}" || return 1
    for deb in *.deb; do
        dpkg-deb --extract "$deb" "$fresh" || return 1
    done
    rm -rf "$fresh/debs" "$fresh/apt" "$unpacked" && mv "$fresh" "$unpacked"
)

# join PATH...: those that exist, separated by colons.
join() {
    local path joined=
    for path; do
        [ ! -e "$path" ] || joined=$joined:$path
    done
    printf '%s' "${joined#:}"
}

# Let the programs started from here on find what is unpacked, behind what is installed.
use_unpacked() {
    local libraries modules
    [ -d "$unpacked" ] || return 0
    libraries=$(join "$unpacked"/usr/lib/*-linux-gnu* "$unpacked"/lib/*-linux-gnu*)
    modules=$(join "$unpacked"/usr/share/{perl5,perl/5.*} "$unpacked"/usr/lib/*/{perl5,perl}/5.*)
    export PATH=$PATH:$unpacked/usr/bin
    export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export PERL5LIB=$modules${PERL5LIB:+:$PERL5LIB}
    has_pcscd '' || export CARDSIM_PCSC_PREFIX=$unpacked
}

# Get the stack and pyscard, or leave in pcsc_problem why that is not possible.
make_pcsc() {
    local missing=()
    use_unpacked
    if has_stack && has_extra pcsc; then
        return 0
    fi
    has_stack || missing=("${pcsc_packages[@]}")
    has_extra pcsc || mapfile -t -O "${#missing[@]}" missing < <(missing_to_build)
    if [ ${#missing[@]} -gt 0 ]; then
        pcsc_problem="not installed: ${missing[*]} (names of Debian's packages)"
        if ! command -v apt-get >/dev/null; then
            return 0
        elif is_root; then
            step "Installing ${missing[*]}" apt_install "${missing[@]}" || return 0
        elif [[ " ${missing[*]} " == *' gcc '* ]]; then
            return 0 # a compiler is the one thing that does not work unpacked
        else
            step "Unpacking into .pcsc: ${missing[*]}" unpack "${missing[@]}" "${pcsc_packages[@]}" || return 0
            use_unpacked
        fi
    fi
    pcsc_problem='pyscard can not be built'
    CPPFLAGS="-I$unpacked/usr/include/PCSC -I$unpacked/usr/include -I$unpacked$(python_include)" \
        install_extra pcsc || return 0
    pcsc_problem=
}

# --- All of it

mkdir -p "$root/.cache"
exec {setup_lock}>"$root/.cache/setup.lock"
flock "$setup_lock"
: >"$log"
make_venv
has_extra dev || install_extra dev
[ -n "${without_pcsc:-}" ] || make_pcsc
exec {setup_lock}>&-

if [ "${BASH_SOURCE[0]}" = "$0" ] && [ -n "$pcsc_problem" ]; then
    die "No PC/SC: $pcsc_problem"
fi
