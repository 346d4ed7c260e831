select h.public_id, r.kind, r.id_hash, r.seq, r.before_seq, r.at
from revocation r join log_head h using (log_id)
where h.public_id = $1 and r.seq between $2 and $3
order by r.n
