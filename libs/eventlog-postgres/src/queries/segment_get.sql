select id from activity_segment where writer = $1 and n = $2
