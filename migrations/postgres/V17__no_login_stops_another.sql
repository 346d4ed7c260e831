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

create function node_seen(node_id uuid, node_kind smallint, node_applied bytea) returns timestamptz
    language sql security definer as $$
    with forgotten as (
        delete from node where seen_at < clock_timestamp() - interval '1 day' and id <> node_id
    )
    insert into node (id, kind, seen_at, applied, of_role)
    values (node_id, node_kind, clock_timestamp(), node_applied, asker())
    on conflict (id) do update
        set kind = excluded.kind, seen_at = excluded.seen_at, applied = excluded.applied
        where node.of_role = excluded.of_role
    returning seen_at
$$;

create function node_gone(node_id uuid) returns void
    language sql security definer as $$
    delete from node where id = node_id and of_role = asker()
$$;

do $$
declare
    f text;
begin
    foreach f in array array['take_turn(text)', 'has_turn(text)', 'asker()', 'forget_snapshot(bigint, bigint, bigint)',
        'prune_snapshots(bigint, bigint, bigint[])', 'node_seen(uuid, smallint, bytea)', 'node_gone(uuid)']
    loop
        execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
        execute format('revoke execute on function %s from public', f);
    end loop;
end $$;
grant execute on function forget_snapshot(bigint, bigint, bigint), prune_snapshots(bigint, bigint, bigint[])
    to trilby_identity, trilby_token, trilby_decision;
grant execute on function node_seen(uuid, smallint, bytea), node_gone(uuid) to trilby_token, trilby_decision;
