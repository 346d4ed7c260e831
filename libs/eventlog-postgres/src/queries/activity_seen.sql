select (case
    when h.log_id is null then 2
    when exists (select from activity a where a.log_id = h.log_id and a.id = r.id and a.at = r.at)
        or exists (select from activity_id i where i.log_id = h.log_id and i.id = r.id) then 1
    else 0
end)::smallint
from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as r(log, id, at, n)
left join log_head h on h.public_id = r.log
order by r.n
