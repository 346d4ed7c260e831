#!/bin/sh
# Gives each service a login in the database: a member of its own role, which it takes on, and nothing by itself. Runs at each
# start of deploy/docker-compose.yml after `trilby migrate`, which makes the roles; so a password is changed by changing its file.
set -eu
secrets=${SECRETS:-/run/secrets}
PGPASSWORD=$(cat "$secrets/postgres_password")
export PGPASSWORD PGHOST="${PGHOST:-postgres}" PGUSER="${PGUSER:-postgres}" PGDATABASE="${PGDATABASE:-trilby}"

login() { # name, role
    psql -X -q -v ON_ERROR_STOP=1 -v login="$1" -v role="$2" <<SQL
select format('create role %I noinherit', :'login')
where not exists (select from pg_roles where rolname = :'login') \gexec
\set password \`cat "$secrets"/$1_password\`
alter role :"login" login password :'password';
grant :"role" to :"login";
-- What a release before this one gave it besides.
select format('revoke %I from %I', given.rolname, :'login')
from pg_auth_members m join pg_roles given on given.oid = m.roleid join pg_roles login on login.oid = m.member
where login.rolname = :'login' and given.rolname <> :'role' and given.rolname like 'trilby%' \gexec
SQL
}

login identity trilby_identity
login token trilby_token
login decision trilby_decision
login relay trilby_relay
