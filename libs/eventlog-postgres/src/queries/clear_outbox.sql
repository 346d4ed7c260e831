select clear_outbox($1)
