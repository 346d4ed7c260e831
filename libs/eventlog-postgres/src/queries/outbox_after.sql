select o.id, h.public_id, o.first_seq, o.last_seq
from generate_series(0, 47) s(shard)
cross join lateral (
    select id, log_id, first_seq, last_seq from outbox
    where shard = s.shard::smallint and id > $1
    order by id
    limit $2
) o
join log_head h on h.log_id = o.log_id
order by o.id
limit $2
