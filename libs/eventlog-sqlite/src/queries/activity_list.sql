select ?8, a.at, a.kind, a.id, a.body, s.writer, s.n, a.position
from activity a join activity_segment s on s.id = a.segment_id
where a.log_id = ?1
  and a.at >= ?2 and a.at < ?3
  and (a.at, a.id) < (?4, ?5)
  and (?6 = '[]' or a.kind in (select value from json_each(?6)))
order by a.at desc, a.id desc
limit ?7
