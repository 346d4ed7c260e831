select (extract(epoch from c.now) * 1000000)::bigint, n.id::text, n.kind::int, (extract(epoch from n.seen_at) * 1000000)::bigint, n.applied
from (select clock_timestamp() as now) c
left join node n on n.seen_at >= c.now - $1::bigint * interval '1 microsecond'
order by n.id
