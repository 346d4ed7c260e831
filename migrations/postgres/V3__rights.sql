-- Who may do what. The roles are made by the program before it migrates, since they belong to the whole cluster:
-- trilby_admin owns everything here; the others have what this file gives them and nothing else.

-- Whoever runs a service may see whose store it is and in which shape.
grant select on store_meta, refinery_schema_history to
    trilby_identity, trilby_token, trilby_decision, trilby_relay, trilby_sink;

-- The log is read by all who fold it.
grant select on log_head, event, snapshot, revocation to trilby_identity, trilby_token, trilby_decision, trilby_relay;

-- Appending.
grant insert on event, outbox, revocation, trusting to trilby_identity, trilby_token;
-- Where no feed is between the processes they look for each other's commits: which log, from which seq to which.
grant select on outbox to trilby_identity, trilby_token, trilby_decision;
grant delete on trusting to trilby_identity, trilby_token;
grant select (key, log_id, role) on trusting to trilby_identity;
grant update (seq) on trusting to trilby_identity, trilby_token;
grant select, insert on receipt to trilby_identity, trilby_token;
grant update (seq, hash, last_at), insert (public_id, kind, hash) on log_head to trilby_identity, trilby_token;
grant select, insert, delete on claim to trilby_identity, trilby_token;

-- Side tables.
grant select, insert, update, delete on credential, personal to trilby_identity;
grant select, insert, update, delete on credential, sealed_key, one_time, counter, node to trilby_token;
grant insert on personal to trilby_token;
grant select on trusting to trilby_token;

-- A decision reads the log and keeps what it folded.
grant insert, delete on snapshot to trilby_decision;
grant select, insert, update, delete on node to trilby_decision;

-- The relay, and what it clears away. Of marks and counters it sees when they end, not what they are.
grant select, insert, update, delete on outbox, relay_lease to trilby_relay;
grant select (created_at), delete on receipt to trilby_relay;
grant delete on revocation to trilby_relay;
grant select (expires_at), delete on one_time to trilby_relay;
grant select (until), delete on counter to trilby_relay;

-- Activity. trilby_sink writes decisions where no relay does.
grant select on activity, activity_segment, activity_id to trilby_identity, trilby_token, trilby_decision;
grant insert on activity, activity_segment, activity_id to trilby_token, trilby_relay, trilby_sink;
grant select (id, writer, n) on activity_segment to trilby_relay, trilby_sink;
grant select (log_id, id, at) on activity to trilby_relay, trilby_sink;
grant select (log_id, id, at) on activity_id to trilby_relay, trilby_sink;
grant select (log_id, public_id) on log_head to trilby_sink;
revoke execute on function make_activity_hour(bigint), purge_activity(bigint) from public;
grant execute on function make_activity_hour(bigint) to trilby_token, trilby_relay, trilby_sink;
grant execute on function purge_activity(bigint) to trilby_token, trilby_relay;

-- Rows of other logs than those that a transaction has named do not exist for it. claim and revocation are asked before
-- it is known which log is meant; log_head turns names into numbers, so only its change is bound.
do $$
declare
    t text;
begin
    foreach t in array array['event', 'outbox', 'receipt', 'snapshot', 'trusting', 'credential', 'sealed_key', 'personal',
        'one_time', 'counter', 'activity', 'activity_id']
    loop
        execute format('alter table %I enable row level security', t);
        execute format($p$create policy own on %I to trilby_identity, trilby_token, trilby_decision, trilby_sink
            using (log_id = any ((select nullif(current_setting('trilby.logs', true), '')::bigint[])::bigint[]))$p$, t);
        execute format('create policy relay on %I to trilby_relay using (true)', t);
    end loop;
end $$;

create policy told on outbox for select to trilby_identity, trilby_token, trilby_decision using (true);

-- Which roles a principal could put on is asked over all accounts.
create policy asked on trusting for select to trilby_token using (true);

alter table log_head enable row level security;
create policy seen on log_head for select using (true);
create policy made on log_head for insert with check (true);
create policy own on log_head for update
    using (log_id = any ((select nullif(current_setting('trilby.logs', true), '')::bigint[])::bigint[]));
