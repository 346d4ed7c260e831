select ?6, a.at, a.kind, a.id, a.body, s.writer, s.n, a.position
from activity a join activity_segment s on s.id = a.segment_id
where a.log_id = ?1
  and a.at >= ?2 and a.at < ?3
  and (?4 = '[]' or a.kind in (select value from json_each(?4)))
order by a.at desc, a.id desc
limit ?5
