-- The log in a SQLite file. Times are microseconds since 1970, UTC. log_id is a surrogate: it
-- differs between copies of a store, public_id does not.
-- References are declared and not enforced on each write (the writer makes the head first); the
-- check of a store runs `pragma foreign_key_check`.

create table store_meta (                      -- exactly one row
    one integer primary key default 1 check (one = 1),
    store_id blob not null check (length(store_id) = 16),
    incarnation integer not null default 1,
    store_key_fp blob not null check (length(store_key_fp) = 32),
    min_reader_level integer not null default 1
) strict;

create table log_head (
    log_id integer primary key autoincrement,
    public_id text not null unique,            -- account id, organization id, 'platform'
    kind integer not null,                     -- 1 account 2 organization 3 platform
    seq integer not null default 0,            -- 0: side rows only, no event yet
    hash blob not null check (length(hash) = 32),
    last_at integer not null default 0,
    state integer not null default 1           -- 1 open 2 sealed 3 erased
) strict;

create table event (
    log_id integer not null references log_head,
    seq integer not null,
    commit_first integer not null,
    commit_last integer not null,
    at integer not null,
    etype text not null,
    ever integer not null,
    inc integer not null,
    body blob,                                 -- exact hashed bytes; null only in an erased log
    body_hash blob not null check (length(body_hash) = 32),
    hash blob not null check (length(hash) = 32),
    primary key (log_id, seq)
) strict;

create table outbox (
    id integer primary key autoincrement,      -- never used twice
    log_id integer not null references log_head,
    first_seq integer not null,
    last_seq integer not null,
    tx_id blob not null check (length(tx_id) = 16)
) strict;

create table receipt (
    log_id integer not null references log_head,
    key blob not null check (length(key) = 32),
    req_hash blob not null check (length(req_hash) = 32),
    first_seq integer not null,
    last_seq integer not null,
    status integer not null,
    response blob,
    created_at integer not null,
    primary key (log_id, key)
) strict;
create index receipt_created_at on receipt (created_at);

create table claim (
    scope integer not null,                    -- 0 the store, else log_id
    kind integer not null,
    value_mac blob not null check (length(value_mac) = 32),
    log_id integer not null references log_head,
    seq integer not null,
    primary key (scope, kind, value_mac)
) strict;

create table snapshot (
    log_id integer not null references log_head,
    state_schema integer not null,
    seq integer not null,
    fold_fp blob not null check (length(fold_fp) = 32),
    head_hash blob not null check (length(head_hash) = 32),
    body blob not null,
    primary key (log_id, state_schema, seq)
) strict;

create table revocation (                      -- index of control events that end sessions
    log_id integer not null references log_head,
    kind integer not null,                     -- ASCII code of its letter
    id_hash blob not null check (length(id_hash) = 16),
    seq integer not null,
    before_seq integer not null,
    at integer not null,
    primary key (kind, id_hash, log_id, seq)
) strict;
create index revocation_at on revocation (at);
create index revocation_log on revocation (log_id, seq);

create table trusting (
    key blob not null check (length(key) = 32),
    log_id integer not null references log_head,
    role text not null,
    seq integer not null,
    primary key (key, log_id, role)
) strict;

-- Side tables: what events only name.

create table credential (
    log_id integer not null references log_head,
    subject text not null,
    kind integer not null,
    generation integer not null,
    body blob not null,
    expires_at integer,
    primary key (log_id, subject, kind, generation)
) strict;

create table sealed_key (
    log_id integer not null references log_head,
    kind integer not null,
    id text not null,
    kek_id text not null,
    body blob not null,
    primary key (log_id, kind, id)
) strict;

create table personal (
    log_id integer not null references log_head,
    subject text not null,
    field integer not null,
    generation integer not null,
    salt blob not null check (length(salt) = 16),
    body blob not null,
    primary key (log_id, subject, field, generation)
) strict;

create table one_time (
    log_id integer not null references log_head,
    purpose integer not null,
    key_hash blob not null check (length(key_hash) = 32),
    expires_at integer not null,
    primary key (log_id, purpose, key_hash)
) strict;
create index one_time_expires_at on one_time (expires_at);

create table counter (
    log_id integer not null references log_head,
    subject text not null,
    kind integer not null,
    value integer not null,
    until integer,
    primary key (log_id, subject, kind)
) strict;
create index counter_until on counter (until) where until is not null;

-- The activity log: a chain of segments for each writing process, records inside them.

create table activity_segment (
    id integer primary key autoincrement,
    writer blob not null check (length(writer) = 16),
    n integer not null,
    first_at integer not null,
    last_at integer not null,
    count integer not null,
    prev_hash blob not null check (length(prev_hash) = 32),
    root blob not null check (length(root) = 32),
    expired integer not null default 0,        -- its records were removed, their time being over
    unique (writer, n)
) strict;

create table activity (
    log_id integer not null references log_head,
    at integer not null,
    kind text not null,
    id text not null,
    body blob not null,
    segment_id integer not null references activity_segment,
    position integer not null,
    primary key (log_id, id)
) strict;
create index activity_at on activity (log_id, at, id);
create index activity_segment_position on activity (segment_id, position);
