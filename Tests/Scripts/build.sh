#!/usr/bin/env bash
# build.sh FLAGS...: swift build, quiet while it goes well; the errors when it does not.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .build
log=.build/build.log

say_progress() {
    # On a terminal the current step is shown in one line; elsewhere a line at the beginning is enough.
    if [ -t 2 ]; then
        while IFS= read -r line; do printf '\r\033[K%.100s' "$line" >&2; done
        printf '\r\033[K' >&2
    else
        cat >/dev/null
    fi
}

[ -d .build/release ] || printf 'building; the first time takes some minutes\n' >&2
if ! swift build "$@" </dev/null 2>&1 | tee "$log" | say_progress; then
    grep -E 'error:|warning:' -A 4 "$log" | head -n 60 >&2 || tail -n 30 "$log" >&2
    printf 'The build failed; all of its output is in %s\n' "$log" >&2
    exit 1
fi
