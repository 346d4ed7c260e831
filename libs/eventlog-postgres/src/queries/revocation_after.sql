select pg_snapshot_xmin(pg_current_snapshot())::text, (select coalesce(max(n), 0) from revocation),
    (select h.public_id from log_head h where h.log_id = r.log_id), r.kind, r.id_hash, r.seq, r.before_seq, r.at
from (select 1) always
left join revocation r on r.tx >= $1::text::xid8 or (r.n > $3 and r.tx >= $2::text::xid8)
order by r.n
