insert into trusting (key, log_id, role, seq) values ($1, $2, $3, $4)
