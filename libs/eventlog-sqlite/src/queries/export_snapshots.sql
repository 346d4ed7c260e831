select t.rowid, h.public_id, t.state_schema, t.seq, t.fold_fp, t.head_hash, t.body
from snapshot t join log_head h on h.log_id = t.log_id
where t.rowid > ?1 and (?2 is null or h.public_id = ?2)
order by t.rowid
limit ?3
