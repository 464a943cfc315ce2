#!/usr/bin/env bash
# python.sh RESULTS: runs the Python tests in a virtual environment of their own, .build/venv, with pinned
# packages. The log goes to RESULTS/python.log. Without Python 3.9 or its packages the tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=$1
log=$results/python.log
venv=.build/venv
pins=Tests/Scripts/requirements.txt

skip() {
    printf 'SKIP python: %s\n' "$*" | tee -a "$log"
    exit 0
}

python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null ||
    skip "Python 3.9 or newer is needed; apt-get install python3 python3-venv"
if ! cmp -s "$pins" "$venv/installed"; then
    rm -rf "$venv"
    python3 -m venv "$venv" >"$results/venv.log" 2>&1 ||
        skip "python3 -m venv failed; apt-get install python3-venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$pins" \
        >>"$results/venv.log" 2>&1 </dev/null ||
        skip "the packages of $pins could not be installed; see $results/venv.log"
    cp "$pins" "$venv/installed"
fi
# Large packages for one test, which skips itself without them; pip may not have them for every Python.
libraries=Tests/Scripts/requirements-metrics.txt
if ! cmp -s "$libraries" "$venv/installed-metrics"; then
    if "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$libraries" \
        >>"$results/venv.log" 2>&1 </dev/null; then
        cp "$libraries" "$venv/installed-metrics"
    fi
fi
# Every folder that holds test_*.py; found, so that a new one is never forgotten.
status=0 found=0
while IFS= read -r folder; do
    found=1
    printf '== %s\n' "$folder" >>"$log"
    "$venv/bin/python" -m unittest discover -v -s "$folder" -t "$folder" </dev/null >>"$log" 2>&1 || status=1
done < <(find Tests Shared/Python -name 'test_*.py' -printf '%h\n' 2>/dev/null | sort -u)
[ "$found" = 1 ] || skip "there is no test_*.py"
exit "$status"
