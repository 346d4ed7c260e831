insert into activity_segment (id, writer, n, first_at, last_at, count, prev_hash, root, expired)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
