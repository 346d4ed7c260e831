insert into log_head (public_id, kind, hash) values (?1, ?2, ?3)
on conflict (public_id) do nothing
