select a.place
from unnest($1::smallint[], $2::bytea[], $3::text[], $4::bigint[]) with ordinality as a(kind, id_hash, public_id, seq, place)
where exists (
    select from revocation r join log_head h using (log_id)
    where r.kind = a.kind and r.id_hash = a.id_hash and h.public_id = a.public_id and r.before_seq > a.seq)
order by a.place
