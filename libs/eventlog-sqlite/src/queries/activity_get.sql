select ?3, a.at, a.kind, a.id, a.body, s.writer, s.n, a.position
from activity a join activity_segment s on s.id = a.segment_id
where a.log_id = ?1 and a.id = ?2
