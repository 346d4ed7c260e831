select ?5, subject, field, generation, salt, body
from personal
where log_id = ?1 and subject = ?2 and field = ?3 and generation = ?4
