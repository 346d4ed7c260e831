select (t.ctid::text::point)[0]::bigint * 65536 + (t.ctid::text::point)[1]::bigint, h.public_id, t.kind, t.id_hash, t.seq, t.before_seq, t.at
from revocation t join log_head h on h.log_id = t.log_id
where t.ctid > format('(%s,%s)', greatest($1::bigint, 0) / 65536, greatest($1::bigint, 0) % 65536)::tid
  and ($2::text is null or t.log_id = (select log_id from log_head where public_id = $2))
order by t.ctid
limit $3
