select $1::text, subject, field, generation, salt, body
from personal
where log_id = (select log_id from log_head where public_id = $1::text) and subject = $2 and field = $3 and generation = $4
