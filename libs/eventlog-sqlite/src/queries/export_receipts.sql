select t.rowid, h.public_id, t.key, t.req_hash, t.first_seq, t.last_seq, t.status, t.response, t.created_at
from receipt t join log_head h on h.log_id = t.log_id
where t.rowid > ?1 and (?2 is null or h.public_id = ?2)
order by t.rowid
limit ?3
