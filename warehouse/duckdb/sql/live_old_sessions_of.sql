-- one row a session of user $1
select user_id, started_at_ms, day, hour, seconds, impressions, clicks, coalesce(depth, -1)::integer as depth, view_seconds
from sessions
where user_id = $1
order by started_at_ms;
