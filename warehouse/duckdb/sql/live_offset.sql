-- one row: the number of the last live event that is in
select coalesce(max(seq), 0)::ubigint from live_offset;
