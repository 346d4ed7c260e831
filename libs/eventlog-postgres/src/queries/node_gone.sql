select node_gone($1::text::uuid)
