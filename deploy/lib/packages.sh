# shellcheck shell=bash disable=SC2034
# Sourced: installs Debian packages that are missing, and asks for nothing when none is.

# What the package is built against.
BUILD_PACKAGES=(libopus-dev libsrtp2-dev libssl-dev libvpx-dev libyuv-dev pkg-config)

# What makes it faster, where Debian has it: without, OpenSSL seals what is sent.
FAST_PACKAGES=()
if [[ "$(dpkg --print-architecture 2>/dev/null)" == amd64 ]]; then FAST_PACKAGES+=(libipsec-mb-dev); fi

# What the checks and the end-to-end tests run. lld links the fuzzers; iproute2 lays the tests' own network.
TEST_PACKAGES=(chromium firefox-esr iproute2 lld python3 python3-venv)

# What deploy/bench compares with.
BENCH_PACKAGES=(janus)

is_installed() {
    [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "error: installing packages needs root: run this as root or install sudo" >&2
        return 1
    fi
}

install_packages() {
    local missing=() package
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    echo "Installing ${missing[*]}" >&2
    as_root apt-get update --quiet --quiet
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends "${missing[@]}"
}

install_build_packages() {
    install_packages "${BUILD_PACKAGES[@]}"
    install_packages "${FAST_PACKAGES[@]}" || echo "warning: building without ${FAST_PACKAGES[*]}" >&2
}

require_swift() {
    command -v swift >/dev/null && return 0
    echo "error: no swift on PATH; install the Swift 6.3 toolchain for Debian 12 from https://www.swift.org/install" >&2
    return 1
}
