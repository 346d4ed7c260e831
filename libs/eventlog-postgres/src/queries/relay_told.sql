delete from outbox o using unnest($1::smallint[], $2::bigint[], $3::bytea[]) as t(shard, id, tx_id)
where o.shard = t.shard and o.id = t.id and o.tx_id = t.tx_id
