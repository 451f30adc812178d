-- one row: what tells the last live event that is in from those that other logs have at its number
select coalesce(max(mark), 0)::bigint from live_offset;
