insert into store_meta (store_id, pg_system_id, pg_timeline, store_key_fp) values ($1, $2, $3, $4)
on conflict (one) do nothing
