-- one row a user of whom something was said
select user_id, max(at_ms) as at_ms, coalesce(last(labels order by at_ms, seq), '') as labels, coalesce(last(note order by at_ms, seq), '') as note
from live_profiles
group by user_id
order by user_id
