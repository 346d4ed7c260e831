insert into installation (kind, id, value)
select kind, id, value from unnest($1::text[], $2::text[], $3::text[]) as given (kind, id, value)
on conflict (kind, id) do nothing
