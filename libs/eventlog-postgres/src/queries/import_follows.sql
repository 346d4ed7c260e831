select 1 / (bool_and(coalesce((select max(e.seq) from event e where e.log_id = f.log_id), 0) = f.last)::int)
from unnest($1::bigint[], $2::bigint[]) as f(log_id, last)
