delete from counter where until <= ?1
