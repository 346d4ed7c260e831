-- Where nobody relays, rows of the outbox go by their own age: looking up each one's commit took a pass over all commits. A row
-- from before rows had an age is old.
create or replace function clear_outbox(most int) returns bigint
    language plpgsql security definer as $$
declare
    gone bigint;
begin
    if exists (select from relay_lease) or not pg_try_advisory_xact_lock(hashtext('trilby.clear_outbox'), 0) then
        return 0;
    end if;
    delete from outbox where ctid = any (array(
        select ctid from outbox
        where since < clock_timestamp() - interval '1 minute' or since is null
        limit least(most, 10000)));
    get diagnostics gone = row_count;
    return gone;
end $$;

do $$
begin
    execute format('alter function clear_outbox(int) set search_path = %I, pg_temp', current_schema());
end $$;
