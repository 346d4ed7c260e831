delete from installation where kind = $1 returning id
