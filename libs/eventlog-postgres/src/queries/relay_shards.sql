insert into relay_lease (shard) select generate_series(0, $1::int - 1)::smallint on conflict (shard) do nothing
