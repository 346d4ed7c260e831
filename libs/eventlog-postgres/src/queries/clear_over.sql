select clear_over($1, $2, $3, $4)
