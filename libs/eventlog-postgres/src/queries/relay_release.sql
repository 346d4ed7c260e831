update relay_lease set owner = null, expires_at = null where owner = $1 and ($2::smallint[] is null or shard = any ($2))
