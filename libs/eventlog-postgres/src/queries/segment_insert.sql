insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root, expired)
values ($1, $2, $3, $4, $5, $6, $7, $8)
