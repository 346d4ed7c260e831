select $1::text, a.at, a.kind, a.id, a.body, s.writer, s.n, a.position
from activity a join activity_segment s on s.id = a.segment_id
where a.log_id = (select log_id from log_head where public_id = $1::text) and a.id = $2 and a.at between $3 and $4
-- Whoever stores records of decisions could give one a session's id.
order by a.kind = 'decision.made', a.at
limit 1
