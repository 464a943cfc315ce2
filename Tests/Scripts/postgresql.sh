#!/usr/bin/env bash
# postgresql.sh COMMAND...: runs a command with TEST_DATABASE_URL naming a PostgreSQL server of its own, made
# from Debian's package in a temporary folder on a free port, stopped and removed at the end whatever happens.
# Without the package the command runs without the variable, and the tests that need it say so.
set -euo pipefail

bin=$(find /usr/lib/postgresql -maxdepth 2 -type d -name bin 2>/dev/null | sort -V | tail -n 1)
if [ -n "${TEST_DATABASE_URL:-}" ] || [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
    exec "$@"
fi

folder=$(mktemp -d)
# initdb refuses root: as root the server belongs to the user of the package.
as_owner=()
if [ "$(id -u)" = 0 ]; then
    as_owner=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    chown postgres: "$folder"
fi

# Called by the trap alone.
# shellcheck disable=SC2317
stop() {
    if [ -f "$folder/data/postmaster.pid" ]; then
        "${as_owner[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

fail() {
    printf 'PostgreSQL did not start:\n' >&2
    tail -n 20 "$folder"/*.log >&2 || true
    exit 1
}

cd "$folder"
"${as_owner[@]}" "$bin/initdb" -D "$folder/data" -A trust -U postgres -E UTF8 --no-locale --no-sync \
    >"$folder/initdb.log" 2>&1 || fail
echo "max_connections = 200" >>"$folder/data/postgresql.conf"
# A port that is free now may be taken a moment later: another one, then.
for _ in 1 2 3 4 5; do
    port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
    if "${as_owner[@]}" "$bin/pg_ctl" -D "$folder/data" -w -t 120 -l "$folder/server.log" \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder" \
        start >/dev/null 2>&1; then
        export TEST_DATABASE_URL="postgresql://postgres@127.0.0.1:$port/postgres"
        break
    fi
done
cd "$OLDPWD"
[ -n "${TEST_DATABASE_URL:-}" ] || fail
status=0
"$@" || status=$?
exit "$status"
