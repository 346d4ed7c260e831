select t.rowid, h.public_id, t.at, t.kind, t.id, t.body, s.writer, s.n, t.position
from activity t
join log_head h on h.log_id = t.log_id
join activity_segment s on s.id = t.segment_id
where t.rowid > ?1 and (?2 is null or h.public_id = ?2)
order by t.rowid
limit ?3
