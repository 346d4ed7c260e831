#!/bin/sh
# Gives each service a login in the database: a member of its own role, which it takes on, and nothing by itself. Runs at each
# start of deploy/docker-compose.yml after `trilby migrate`, which makes the roles; so a password is changed by changing its file.
set -eu
secrets=${SECRETS:-/run/secrets}
PGPASSWORD=$(cat "$secrets/postgres_password")
export PGPASSWORD PGHOST="${PGHOST:-postgres}" PGUSER="${PGUSER:-postgres}" PGDATABASE="${PGDATABASE:-trilby}"

login() { # name, role, connections: 16 for each process and what one that is restarted leaves for a moment
    psql -X -q -v ON_ERROR_STOP=1 -v login="$1" -v role="$2" -v connections="$3" <<SQL
select format('create role %I noinherit', :'login')
where not exists (select from pg_roles where rolname = :'login') \gexec
\set password \`cat "$secrets"/$1_password\`
alter role :"login" login password :'password' connection limit :connections;
grant :"role" to :"login";
-- What a release before this one gave it besides.
select format('revoke %I from %I', given.rolname, :'login')
from pg_auth_members m join pg_roles given on given.oid = m.roleid join pg_roles login on login.oid = m.member
where login.rolname = :'login' and given.rolname <> :'role' and given.rolname like 'trilby%' \gexec
SQL
}

# Nobody works with tables of their own, and none of them can take all connections from the others.
psql -X -q -v ON_ERROR_STOP=1 -v database="$PGDATABASE" <<SQL
revoke temporary on database :"database" from public;
revoke execute on function lo_create(oid), lo_creat(int), lo_from_bytea(oid, bytea) from public;
SQL
login identity trilby_identity 40
login token trilby_token 40
login decision trilby_decision 64
login relay trilby_relay 24
