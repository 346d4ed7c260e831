select o.shard, o.id, o.tx_id, h.public_id, r.kind, r.id_hash, r.seq, r.before_seq, r.at
from unnest($1::smallint[], $2::bigint[]) as s(shard, after)
cross join lateral (
    select * from outbox o where o.shard = s.shard and o.id > s.after order by o.id limit $3
) o
cross join lateral (
    select r.* from revocation r where r.log_id = o.log_id and r.seq between o.first_seq and o.last_seq offset 0
) r
join log_head h on h.log_id = o.log_id
order by o.shard, o.id, r.n
