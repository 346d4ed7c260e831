delete from outbox o using unnest($1::smallint[], $2::bigint[]) as t(shard, id) where o.shard = t.shard and o.id = t.id
