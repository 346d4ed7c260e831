delete from relay where id = $1 and $2::smallint[] is null
