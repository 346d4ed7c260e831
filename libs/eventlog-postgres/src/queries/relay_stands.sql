select exists (
    select from event e join log_head h using (log_id) where h.public_id = a.public_id and e.seq = a.seq and e.hash = a.hash)
from unnest($1::text[], $2::bigint[], $3::bytea[]) with ordinality as a(public_id, seq, hash, place)
order by a.place
