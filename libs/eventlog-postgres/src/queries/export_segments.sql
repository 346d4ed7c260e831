select t.id, t.writer, t.n, t.first_at, t.last_at, t.count, t.prev_hash, t.root, t.expired
from activity_segment t
where t.id > $1
order by t.id
limit $2
