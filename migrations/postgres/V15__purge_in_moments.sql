-- Clearing away old activity, in another order: the records and their marks first, and last of all the tables of the hours of
-- which nothing is kept. Dropping one stops everybody who writes or reads activity, from then until the end of the
-- transaction; that is a moment now: all go at once, and nothing comes after it. Where one is in use for longer than the drop
-- may wait, as by an export or a vacuum, the records go one by one while nobody waits, and the empty tables another time.
create or replace function purge_activity(before bigint) returns bigint
    language plpgsql security definer as $$
declare
    hour constant bigint := 3600000000;
    -- Tables that go at once, each with its indexes: everybody waits until the last has, and locks are not without end.
    dropped_max constant int := 100;
    waits constant text := current_setting('lock_timeout');
    part record;
    whole text[] := '{}';
    whole_until bigint;
    tables text;
    is_gone bool := false;
    name text;
    gone bigint;
    total bigint := 0;
begin
    perform pg_advisory_xact_lock(hashtext('trilby.purge_activity'), 0);
    for part in
        select c.relname, (replace(substr(c.relname, 10), 'b', '-'))::bigint * hour as first_at
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'activity'::regclass
        order by 2
    loop
        continue when part.first_at >= before;
        if part.first_at + hour <= before and cardinality(whole) < dropped_max and not exists (
            select from activity_segment s
            where not s.expired and s.last_at >= before and s.first_at < part.first_at + hour)
        then
            execute format('select count(*) from %I', part.relname) into gone;
            whole := whole || part.relname::text;
            whole_until := part.first_at + hour;
        else
            execute format(
                'delete from %I a using activity_segment s where s.id = a.segment_id and s.last_at < $1 and not s.expired',
                part.relname) using before;
            get diagnostics gone = row_count;
        end if;
        total := total + gone;
    end loop;
    update activity_segment set expired = true where first_at < before and last_at < before and not expired;
    delete from activity_id where at < coalesce(
        (select min(first_at) from activity_segment where not expired and first_at < before), before);
    if cardinality(whole) = 0 then
        return total;
    end if;
    tables := (select string_agg(format('%I', t), ', ') from unnest(whole) t);
    -- If this fails all its locks are given back.
    begin
        perform set_config('lock_timeout', '200ms', true);
        -- Whoever vacuums one is waited for while nobody else has to.
        execute format('lock table %s in share update exclusive mode', tables);
        -- From here on no hour is made.
        perform pg_advisory_xact_lock(hashtext('trilby.activity'), 0);
        lock table only activity in access exclusive mode;
        execute format('lock table %s in access exclusive mode nowait', tables);
        -- A record of these hours may have come until now, late: of a segment that is not marked.
        if (select min(first_at) from activity_segment where not expired) < whole_until then
            raise lock_not_available;
        end if;
        execute format('drop table %s', tables);
        perform set_config('lock_timeout', waits, true);
        is_gone := true;
    exception when lock_not_available or deadlock_detected then
        is_gone := false;
    end;
    if not is_gone then
        foreach name in array whole loop
            execute format(
                'delete from %I a using activity_segment s where s.id = a.segment_id and s.expired', name);
        end loop;
    end if;
    return total;
end $$;

do $$
begin
    execute format('alter function purge_activity(bigint) set search_path = %I, pg_temp', current_schema());
end $$;
