-- one row a session of the users of live_touched with ids from $1 to $2
select user_id, started_at_ms, day, hour, seconds, impressions, clicks, coalesce(depth, -1)::integer as depth, view_seconds
from sessions
where user_id between $1 and $2 and user_id in (select user_id from live_touched)
order by user_id, started_at_ms;
