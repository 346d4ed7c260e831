select $1::text, a.at, a.kind, a.id, a.body, s.writer, s.n, a.position
from activity a join activity_segment s on s.id = a.segment_id
where a.log_id = (select log_id from log_head where public_id = $1::text)
  and a.at >= $2 and a.at < $3
  and (cardinality($4::text[]) = 0 or a.kind = any($4))
  and ($5::bigint is null or (a.at, a.id) < ($5, $6::text))
order by a.at desc, a.id desc
limit $7
