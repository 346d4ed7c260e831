-- Which transaction wrote a revocation: whoever polls asks for those of transactions that had not ended when it last asked,
-- and needs no clock for it, neither its own nor a writer's, nor a guess how long a transaction may take to end. Rows from
-- before count as written by this one; the default does not change as it is evaluated, so no row is written anew.
alter table revocation add column tx xid8 not null default pg_current_xact_id();
create index revocation_tx on revocation (tx);
