#!/bin/sh
# Makes the database at the first start, then serves it.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    words=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$words"
    initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="$words" --auth-host=scram-sha-256 \
        --auth-local=trust -E UTF8 >/dev/null
    rm -f "$words"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=" -w start >/dev/null
    [ "$POSTGRES_DB" = postgres ] || createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
fi
exec postgres -D "$PGDATA" -c "listen_addresses=*"
