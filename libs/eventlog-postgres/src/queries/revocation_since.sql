-- A page (`REVOCATIONS_PAGE`), after a place: by a number that is written here the planner knows that it is short.
select h.public_id, r.kind, r.id_hash, r.seq, r.before_seq, r.at, r.n
from revocation r join log_head h using (log_id)
where (r.at, r.n) > ($1, $2)
order by r.at, r.n
limit 10000
