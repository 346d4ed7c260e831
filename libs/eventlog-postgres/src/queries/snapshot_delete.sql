select prune_snapshots(log_id, $2, $3) from log_head where public_id = $1::text
