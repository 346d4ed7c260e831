delete from node where id = $1::text::uuid
