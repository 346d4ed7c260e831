select i.at from activity_id i
where i.log_id = (select log_id from log_head where public_id = $1::text) and i.id = $2
