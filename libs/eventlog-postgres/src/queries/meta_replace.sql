update store_meta set store_id = $1, incarnation = $2, store_key_fp = $3, min_reader_level = $4
