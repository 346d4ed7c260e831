delete from claim where scope = ?1 and kind = ?2 and value_mac = ?3 and log_id = ?4
