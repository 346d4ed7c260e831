select (extract(epoch from node_seen($1::text::uuid, $2::int::smallint, $3)) * 1000000)::bigint
