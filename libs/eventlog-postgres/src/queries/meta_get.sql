select store_id, incarnation, store_key_fp, min_reader_level from store_meta
