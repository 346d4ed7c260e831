insert into store_meta (store_id, incarnation, store_key_fp, min_reader_level) values (?1, 1, ?2, 1)
