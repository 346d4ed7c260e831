select set_config('trilby.logs', coalesce(
    (select '{' || string_agg(log_id::text, ',') || '}' from log_head where public_id = any($1)), ''), true)
