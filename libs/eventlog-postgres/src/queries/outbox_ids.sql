select id from outbox
