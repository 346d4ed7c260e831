select h.public_id, r.kind, r.id_hash, r.seq, r.before_seq, r.at
from revocation r join log_head h using (log_id)
where r.at >= $1
order by r.at, r.n
