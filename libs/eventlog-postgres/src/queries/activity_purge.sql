select purge_activity($1)
