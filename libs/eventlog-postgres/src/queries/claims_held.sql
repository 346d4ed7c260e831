select t.place, c.log_id
from unnest($1::text[], $2::int[], $3::bytea[]) with ordinality as t(scope, kind, value_mac, place)
left join log_head s on s.public_id = t.scope
join claim c on c.scope = case when t.scope is null then 0 else s.log_id end
    and c.kind = t.kind and c.value_mac = t.value_mac
order by t.place
