-- Clearing away what is over, a little at a time. The functions say what is over, by the database's own clock: whoever may
-- call them can remove nothing that still counts. Of several who call at once one does it, and the others wait for nothing.

-- No process follows the outbox but a relay.
revoke select on outbox from trilby_identity, trilby_token, trilby_decision;
drop policy told on outbox;
revoke select (created_at), delete on receipt from trilby_relay;
revoke delete on revocation from trilby_relay;
revoke select (expires_at), delete on one_time from trilby_relay;
revoke select (until), delete on counter from trilby_relay;
revoke execute on function purge_activity(bigint) from trilby_token, trilby_relay;

-- Receipts, revocations, marks and counters: at most so many rows of each. Gives how many went.
create function clear_over(receipts_before bigint, revocations_before bigint, moment bigint, most int) returns bigint
    language plpgsql security definer as $$
declare
    second constant bigint := 1000000;
    present constant bigint := (extract(epoch from clock_timestamp()) * second)::bigint;
    gone bigint;
    total bigint := 0;
begin
    if not pg_try_advisory_xact_lock(hashtext('trilby.clear'), 0) then
        return 0;
    end if;
    most := least(most, 10000);
    -- A command repeated within a day gets its first answer.
    receipts_before := least(receipts_before, present - 24 * 3600 * second);
    -- The longest session, and what clocks may differ.
    revocations_before := least(revocations_before, present - (12 * 3600 + 600) * second);
    moment := least(moment, present);
    delete from receipt where ctid = any (array(select ctid from receipt where created_at < receipts_before limit most));
    get diagnostics gone = row_count;
    total := total + gone;
    delete from revocation where ctid = any (array(select ctid from revocation where at < revocations_before limit most));
    get diagnostics gone = row_count;
    total := total + gone;
    delete from one_time where ctid = any (array(select ctid from one_time where expires_at <= moment limit most));
    get diagnostics gone = row_count;
    total := total + gone;
    delete from counter where ctid = any (array(select ctid from counter where until <= moment limit most));
    get diagnostics gone = row_count;
    return total + gone;
end $$;

-- Commits of a minute ago and more that nobody will announce. Where a relay has ever held a lease it alone removes them,
-- when they are announced.
create function clear_outbox(most int) returns bigint
    language plpgsql security definer as $$
declare
    second constant bigint := 1000000;
    present constant bigint := (extract(epoch from clock_timestamp()) * second)::bigint;
    gone bigint;
begin
    if exists (select from relay_lease) or not pg_try_advisory_xact_lock(hashtext('trilby.clear_outbox'), 0) then
        return 0;
    end if;
    delete from outbox where ctid = any (array(
        select o.ctid from outbox o join event e on e.log_id = o.log_id and e.seq = o.last_seq
        where e.at < present - 60 * second
        limit least(most, 10000)));
    get diagnostics gone = row_count;
    return gone;
end $$;

-- Records of activity, about an hour of them at a time; never of the last day. `more`: call again.
create function clear_activity(before bigint, out gone bigint, out more bool)
    language plpgsql security definer as $$
declare
    second constant bigint := 1000000;
    present constant bigint := (extract(epoch from clock_timestamp()) * second)::bigint;
    oldest record;
    step bigint;
begin
    gone := 0;
    more := false;
    before := least(before, present - 24 * 3600 * second);
    select first_at, last_at into oldest from activity_segment
        where not expired and last_at < before and first_at < before
        order by first_at limit 1;
    if not found or not pg_try_advisory_xact_lock(hashtext('trilby.clear_activity'), 0) then
        return;
    end if;
    step := least(before, greatest(oldest.first_at + 3600 * second, oldest.last_at + 1));
    gone := purge_activity(step);
    more := step < before;
end $$;

do $$
declare
    f text;
begin
    foreach f in array array['clear_over(bigint, bigint, bigint, int)', 'clear_outbox(int)', 'clear_activity(bigint)']
    loop
        -- They run with their owner's rights: what they mean by a name must not depend on who calls.
        execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
        execute format('revoke execute on function %s from public', f);
        execute format('grant execute on function %s to trilby_token, trilby_relay', f);
    end loop;
end $$;
