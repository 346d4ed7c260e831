update store_meta set min_reader_level = greatest(min_reader_level, $1)
returning store_id, incarnation, store_key_fp, min_reader_level
