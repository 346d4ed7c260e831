select t.rowid, s.public_id, t.scope, t.kind, t.value_mac, h.public_id, t.seq
from claim t
join log_head h on h.log_id = t.log_id
left join log_head s on s.log_id = t.scope
where t.rowid > ?1 and (?2 is null or h.public_id = ?2)
order by t.rowid
limit ?3
