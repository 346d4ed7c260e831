select t.segment_id * 4096 + t.position, h.public_id, t.at, t.kind, t.id, t.body, s.writer, s.n, t.position
from activity t
join log_head h on h.log_id = t.log_id
join activity_segment s on s.id = t.segment_id
where (t.segment_id, t.position) > (greatest($1::bigint, 0) / 4096, case when $1::bigint < 0 then -1 else $1 % 4096 end)
  and ($2::text is null or t.log_id = (select log_id from log_head where public_id = $2))
order by t.segment_id, t.position
limit $3
