update store_meta set incarnation = incarnation + 1, pg_system_id = $1, pg_timeline = $2
returning store_id, incarnation, store_key_fp, min_reader_level
