-- one row an hour of the day with impressions: users seen in it on any day. Each user's hours are the bits of one integer.
with user_hours as (
    select bit_or(1::bigint << hour::bigint) as hours from impressions group by user_id
)
select hour::integer, count(*) filter (hours & (1::bigint << hour) <> 0) as users
from user_hours, (select unnest(range(24)) as hour)
group by hour
having users > 0
order by hour;
