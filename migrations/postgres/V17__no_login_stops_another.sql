-- No service's login stops another's. What may be deleted or updated may be locked whole, and an advisory lock may be taken by
-- whoever connects: so a login that can only decide could hold up those that write and sign. What services remove and change
-- in shared tables is done by functions now, and who has to wait for each other does so at rows that nobody else can reach.

-- Whose turn it is to do what only one does at a time. Whoever migrates holds a row of it: no migration may change its shape.
create table turn (name text primary key);
insert into turn values ('migrate'), ('activity'), ('purge_activity'), ('clear'), ('clear_outbox'), ('clear_activity');

-- Waits for a turn, until the end of the transaction.
create function take_turn(which text) returns void
    language plpgsql as $$
begin
    perform from turn where name = which for update;
    if not found then
        raise exception 'there is no turn `%`', which;
    end if;
end $$;

-- The same, unless somebody has it.
create function has_turn(which text) returns bool
    language plpgsql as $$
begin
    perform from turn where name = which for update skip locked;
    return found;
end $$;

do $$
declare
    f oid;
    definition text;
begin
    for f in
        select oid from pg_proc where pronamespace = current_schema()::regnamespace and prosrc like '%advisory_xact_lock%'
    loop
        definition := regexp_replace(pg_get_functiondef(f),
            'pg_advisory_xact_lock\(hashtext\(''trilby\.(\w+)''\), 0\)', 'take_turn(''\1'')', 'g');
        definition := regexp_replace(definition,
            'pg_try_advisory_xact_lock\(hashtext\(''trilby\.(\w+)''\), 0\)', 'has_turn(''\1'')', 'g');
        execute definition;
    end loop;
end $$;

-- Snapshots: each service removes its own.
revoke delete on snapshot from trilby_identity, trilby_token, trilby_decision;

-- Who asks, whatever rights a function runs with.
create function asker() returns name
    language sql stable as $$
    select case current_setting('role') when 'none' then session_user else current_setting('role')::name end
$$;

create function forget_snapshot(log bigint, schema bigint, at bigint) returns void
    language sql security definer as $$
    delete from snapshot where log_id = log and state_schema = schema and kept_by = asker() and seq = at
$$;

-- Of this encoding these, and of the others all but the newest one's.
create function prune_snapshots(log bigint, schema bigint, seqs bigint[]) returns bigint
    language sql security definer as $$
    with other as materialized (
        select state_schema from snapshot
        where log_id = log and kept_by = asker() and state_schema <> schema
        order by seq desc, state_schema desc
        limit 1
    ), gone as (
        delete from snapshot
        where log_id = log and kept_by = asker() and case when state_schema = schema
            then seq = any(seqs)
            else state_schema <> (select state_schema from other)
        end
        returning 1
    )
    select count(*) from gone
$$;

-- Processes: a service speaks for its own and for no other's.
alter table node add column of_role name not null default current_user;
revoke insert, update, delete on node from trilby_decision, trilby_token;

alter table node add constraint node_applied_is_small check (length(applied) <= 16384);

-- Of those that are gone whoever is in the way is passed over, and another's row is neither changed nor held.
create function node_seen(node_id uuid, node_kind smallint, node_applied bytea) returns timestamptz
    language plpgsql security definer as $$
declare
    own constant name := asker();
    nodes_max constant int := 1000;
    seen timestamptz;
begin
    delete from node where id in (
        select id from node where seen_at < clock_timestamp() - interval '1 day' and id <> node_id for update skip locked);
    update node set kind = node_kind, seen_at = clock_timestamp(), applied = node_applied
        where id = node_id and of_role = own
        returning seen_at into seen;
    if found then
        return seen;
    end if;
    if (select count(*) from node where of_role = own) >= nodes_max then
        raise exception 'there are too many processes' using errcode = '54000';
    end if;
    insert into node (id, kind, seen_at, applied, of_role)
        values (node_id, node_kind, clock_timestamp(), node_applied, own)
        on conflict do nothing
        returning seen_at into seen;
    return seen;
end $$;

create function node_gone(node_id uuid) returns void
    language sql security definer as $$
    delete from node where id = node_id and of_role = asker()
$$;

-- Records: whoever stores those of decisions stores no others, and nobody goes on with another's chain of segments, nor takes
-- ids that are to come: a generated id can be overridden by whoever may insert into its column.
create policy decisions on activity as restrictive for insert to trilby_relay, trilby_sink
    with check (kind = 'decision.made' and length(body) <= 65536);
alter table activity_segment alter column id set generated always;
alter table activity_segment add column of_role name not null default current_user;
revoke insert on activity_segment from trilby_token, trilby_relay, trilby_sink;
grant insert (writer, n, first_at, last_at, count, prev_hash, root) on activity_segment to trilby_token, trilby_relay, trilby_sink;
revoke insert on outbox from trilby_identity, trilby_token, trilby_relay;
grant insert (shard, log_id, first_seq, last_seq, tx_id, trace) on outbox to trilby_identity, trilby_token;

-- Whose a chain is its last segment says: nobody else could add to it. A chain is as long as a process lives, so no more is read.
-- As it is now, not as it was when a statement or a transaction began.
create function is_own_chain(of_writer bytea) returns bool
    language sql volatile security definer as $$
    select coalesce((select s.of_role from activity_segment s where s.writer = of_writer order by s.n desc limit 1), asker())
        in (asker(), 'trilby_admin')
$$;

alter table activity_segment enable row level security;
create policy seen on activity_segment for select using (true);
create policy chained on activity_segment for insert
    with check (of_role = current_user and is_own_chain(writer) and current_setting('transaction_isolation') = 'read committed');
-- A segment that spans all times would keep every hour from being cleared away.
create policy bounded on activity_segment as restrictive for insert to trilby_token, trilby_relay, trilby_sink
    with check (first_at <= last_at and last_at < (extract(epoch from clock_timestamp()) + 26 * 3600) * 1000000);
create policy recent on activity_segment as restrictive for insert to trilby_relay, trilby_sink
    with check (first_at > (extract(epoch from clock_timestamp()) - 41 * 24 * 3600) * 1000000);

-- Hours: whoever makes one holds up whoever needs it, until the end of a transaction that is the caller's. So only those do
-- that record sessions or relay, for hours ahead as well; and none that are long over.
revoke execute on function make_activity_hour(bigint) from trilby_sink;
create or replace function make_activity_hour(moment bigint) returns void
    language plpgsql security definer as $$
declare
    hour constant bigint := 3600000000;
    present constant bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
    first bigint := floor(moment::numeric / hour)::bigint;
    name text := 'activity_' || replace(first::text, '-', 'b');
begin
    if to_regclass(format('%I', name)) is not null then
        return;
    end if;
    if moment > present + 25 * hour
        or moment < present - 40 * 24 * hour and asker() not in ('trilby_token', 'trilby_admin')
    then
        raise exception 'no records of that hour are taken' using errcode = '22023';
    end if;
    perform take_turn('activity');
    if (select count(*) from pg_inherits where inhparent = 'activity'::regclass) >= 10000 then
        raise exception 'there are records of too many hours' using errcode = '54000';
    end if;
    if to_regclass(format('%I', name)) is null then
        execute format('create table %I (like activity including defaults including constraints including indexes)', name);
        execute format('alter table activity attach partition %I for values from (%s) to (%s)',
            name, first * hour, (first + 1) * hour);
    end if;
end $$;

-- Planned for the one time that is asked for: a plan for any time opens every hour there is.
create or replace function is_activity(of_log bigint, of_id text, of_at bigint, of_kind text, of_body bytea) returns bool
    language plpgsql stable security definer as $$
declare
    is_there bool;
begin
    execute 'select exists (
        select from activity a
        where a.log_id = $1 and a.id = $2 and a.at = $3 and a.kind = $4 and a.body = $5)'
        into is_there using of_log, of_id, of_at, of_kind, of_body;
    return is_there;
end $$;

-- What the processes agree on: in the order in which it was recorded, and one public URL.
alter table installation alter column n set generated always;
revoke insert on installation from trilby_identity, trilby_token, trilby_decision;
grant insert (kind, id, value) on installation to trilby_identity, trilby_token, trilby_decision;
alter table installation add constraint installation_is_small
    check (length(value) <= 4096 and length(id) <= 256 and (kind <> 'public_url' or id = ''));

do $$
declare
    f text;
begin
    foreach f in array array['take_turn(text)', 'has_turn(text)', 'asker()', 'forget_snapshot(bigint, bigint, bigint)',
        'prune_snapshots(bigint, bigint, bigint[])', 'node_seen(uuid, smallint, bytea)', 'node_gone(uuid)', 'is_own_chain(bytea)',
        'make_activity_hour(bigint)', 'is_activity(bigint, text, bigint, text, bytea)']
    loop
        execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
        execute format('revoke execute on function %s from public', f);
    end loop;
end $$;
grant execute on function forget_snapshot(bigint, bigint, bigint), prune_snapshots(bigint, bigint, bigint[])
    to trilby_identity, trilby_token, trilby_decision;
grant execute on function node_seen(uuid, smallint, bytea), node_gone(uuid) to trilby_token, trilby_decision;
grant execute on function is_own_chain(bytea) to trilby_token, trilby_relay, trilby_sink;
