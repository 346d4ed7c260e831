select $1::text, subject, kind, generation, body, expires_at
from credential
where log_id = (select log_id from log_head where public_id = $1::text) and subject = $2 and kind = $3
order by generation
