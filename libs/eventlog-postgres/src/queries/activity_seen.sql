select (case
    when h.log_id is null then 2
    when not exists (select from activity a where a.log_id = h.log_id and a.id = r.id and a.at between r.first and r.last
            and a.at between $8 and $9)
        and not exists (select from activity_id i where i.log_id = h.log_id and i.id = r.id) then 0
    when is_activity(h.log_id, r.id, r.at, r.kind, r.body) then 1
    else 3
end)::smallint
from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::bigint[], $7::bigint[]) with ordinality
    as r(log, id, at, kind, body, first, last, n)
left join log_head h on h.public_id = r.log
order by r.n
