-- A snapshot is believed by whoever loads it, and what it cannot prove is that it is what the events give. So each service
-- believes its own and no other: whoever holds the login of one that can only decide changes nothing for those that write
-- and sign. Kept ones were of unknown hands; they are made anew.
truncate snapshot;
alter table snapshot add column kept_by name not null default current_user;
alter table snapshot drop constraint snapshot_pkey;
alter table snapshot add primary key (log_id, state_schema, kept_by, seq);
grant insert, delete on snapshot to trilby_identity, trilby_token;
create policy by_whom on snapshot as restrictive to trilby_identity, trilby_token, trilby_decision, trilby_sink
    using (kept_by = current_user);
