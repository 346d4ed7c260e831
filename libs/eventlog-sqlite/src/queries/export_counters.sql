select t.rowid, h.public_id, t.subject, t.kind, t.value, t.until
from counter t join log_head h on h.log_id = t.log_id
where t.rowid > ?1 and (?2 is null or h.public_id = ?2)
order by t.rowid
limit ?3
