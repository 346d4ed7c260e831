#!/bin/sh
# Gives each service a login in the database: a member of its own role, which it takes on, and nothing by itself. Runs at each
# start of deploy/docker-compose.yml after `trilby migrate`, which makes the roles; so a password is changed by changing its file.
set -eu
secrets=${SECRETS:-/run/secrets}
PGPASSWORD=$(cat "$secrets/postgres_password")
export PGPASSWORD PGHOST="${PGHOST:-postgres}" PGUSER="${PGUSER:-postgres}" PGDATABASE="${PGDATABASE:-trilby}"

login() { # name, roles
    psql -X -q -v ON_ERROR_STOP=1 -v login="$1" <<SQL
select format('create role %I noinherit', :'login')
where not exists (select from pg_roles where rolname = :'login') \gexec
\set password \`cat "$secrets"/$1_password\`
alter role :"login" login password :'password';
grant $2 to :"login";
SQL
}

login identity trilby_identity
login token trilby_token
login decision trilby_decision
login relay trilby_relay
