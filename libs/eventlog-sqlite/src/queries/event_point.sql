select commit_first, commit_last, at from event where log_id = ?1 and seq = ?2
