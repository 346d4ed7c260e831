insert into log_head (public_id, kind, hash)
select * from unnest($1::text[], $2::smallint[], $3::bytea[])
on conflict (public_id) do nothing
