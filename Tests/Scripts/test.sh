#!/usr/bin/env bash
# test.sh FLAGS...: builds and runs every test, Swift and Python, and ends with one line alone:
# "N passed, N failed, N skipped". A test that skips prints "SKIP <tag>: <reason>"; REQUIRE=tag,tag makes
# such a skip a failure. FILTER=NAME runs only the Swift tests whose name matches, and no others.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=Tests/Scripts/packages.sh
. Tests/Scripts/packages.sh

Tests/Scripts/build.sh --build-tests "$@"

results=.build/test-results
rm -rf "$results"
mkdir -p "$results"
swift_status=0
# --skip-build: the flags must be those of the build, or everything would be built again.
part() { # NAME ARGUMENTS...
    local name=$1
    shift
    Tests/Scripts/postgresql.sh swift test --skip-build "${flags[@]}" "$@" \
        --xunit-output "$results/swift-$name.xml" </dev/null >>"$results/swift.log" 2>&1 || swift_status=$?
}
flags=("$@")
if [ -n "${FILTER:-}" ]; then
    part filtered --filter "$FILTER"
else
    # One after the other: processes under test need the cores that simulated worlds and modules take.
    part modules --skip '^EndToEndTests\.' --skip '^SessionTests\.ProtocolTests'
    part worlds --filter '^SessionTests\.ProtocolTests'
    part processes --filter '^EndToEndTests\.'
fi

python_status=0
if [ -z "${FILTER:-}" ]; then
    Tests/Scripts/postgresql.sh Tests/Scripts/python.sh "$results" || python_status=$?
fi

exec python3 Tests/Scripts/summary.py "$results" \
    --swift-status "$swift_status" --python-status "$python_status" --require "${REQUIRE:-}"
