with copied as (
    insert into outbox (shard, id, log_id, first_seq, last_seq, tx_id) values ($1, $2, $3, $4, $5, $6) returning id
)
select setval(pg_get_serial_sequence('outbox', 'id'), greatest(id, (select coalesce(max(id), 1) from outbox))) from copied
