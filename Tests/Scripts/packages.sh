# What the scripts share: sentences, packages of the system, Swift.
# shellcheck shell=bash

# The Swift version that the sources need.
SWIFT_MAJOR=6
SWIFT_MINOR=3

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# As root directly, else through sudo without a question.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -n "$@" </dev/null || { say "sudo did not run: $*" && return 1; }
    else
        say "This needs root: $*"
        return 1
    fi
}

need_swift() {
    local found
    found=$(swift --version 2>/dev/null || true)
    found=$(sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' <<<"$found" | head -n 1)
    local major=${found% *} minor=${found#* }
    if [ -n "$found" ] && { [ "$major" -gt "$SWIFT_MAJOR" ] ||
        { [ "$major" -eq "$SWIFT_MAJOR" ] && [ "$minor" -ge "$SWIFT_MINOR" ]; }; }; then
        return
    fi
    if [ -n "$found" ]; then
        say "Swift $major.$minor is here; $SWIFT_MAJOR.$SWIFT_MINOR or newer is needed."
    else
        say "Swift $SWIFT_MAJOR.$SWIFT_MINOR or newer is needed and was not found."
    fi
    say "This gets it on Linux (https://www.swift.org/install):"
    # The command is for the reader's shell, not for this one.
    # shellcheck disable=SC2016
    say 'curl -O https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz && \
    tar zxf swiftly-$(uname -m).tar.gz && ./swiftly init --quiet-shell-followup && \
    . "${SWIFTLY_HOME_DIR:-$HOME/.local/share/swiftly}/env.sh" && hash -r'
    exit 1
}

# What the build needs: the packages that Package.swift names as providers, and SQLite's, which GRDB needs.
need_build_packages() {
    local providers
    providers=$(grep -oE '\.apt\(\[[^]]*\]' Package.swift | grep -oE '"[^"]+"' | tr -d '"' | sort -u)
    # Package names hold no spaces.
    # shellcheck disable=SC2086
    need_packages $providers libsqlite3-dev pkg-config
}

# need_packages NAME...: installs the Debian packages that are missing.
need_packages() {
    local missing=() name
    if ! command -v dpkg-query >/dev/null; then
        command -v pkg-config >/dev/null && pkg-config --exists libzmq zlib sqlite3 2>/dev/null && return
        die "This system has no apt: install libzmq 4.3, zlib and SQLite with headers, then try again."
    fi
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        die "Could not install ${missing[*]}. Install them yourself, then try again."
    fi
    rm -f "$log"
}
