#!/bin/sh
# As the official image's: makes a cluster with the password of the file, then runs as the user postgres.
set -eu
if [ "$1" = postgres ] && [ "$(id -u)" = 0 ]; then
    chown postgres "$PGDATA" && chmod 700 "$PGDATA"
    POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
    export POSTGRES_PASSWORD
    exec gosu postgres sh "$0" "$@"
fi
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    password=$(mktemp)
    printf '%s' "$POSTGRES_PASSWORD" > "$password"
    # Several options in one variable, as the official image has it.
    # shellcheck disable=SC2086
    initdb -U postgres --pwfile="$password" ${POSTGRES_INITDB_ARGS:-}
    rm "$password"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl -w -o "-c listen_addresses=" start
    PGPASSWORD=$POSTGRES_PASSWORD psql -U postgres -c "create database \"$POSTGRES_DB\""
    pg_ctl -w -m fast stop
fi
unset POSTGRES_PASSWORD
[ "$1" != postgres ] || set -- "$@" -c "listen_addresses=*"
exec "$@"
