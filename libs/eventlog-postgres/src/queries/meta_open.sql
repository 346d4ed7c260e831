select store_id, incarnation, store_key_fp, min_reader_level, pg_system_id, pg_timeline from store_meta
