update relay_lease set checked = $2 where shard = any ($1)
