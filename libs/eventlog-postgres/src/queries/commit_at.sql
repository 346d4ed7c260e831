select e.commit_first, e.commit_last, e.at, l.hash
from event e
left join event l on l.log_id = e.log_id and l.seq = e.commit_last
where e.log_id = (select log_id from log_head where public_id = $1::text) and e.seq = $2
