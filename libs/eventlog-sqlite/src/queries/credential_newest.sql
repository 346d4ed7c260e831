select ?4, subject, kind, generation, body, expires_at
from credential
where log_id = ?1 and subject = ?2 and kind = ?3
order by generation desc
limit 1
