-- one row a group of users (of $1), depth of session (up to $2) and position (up to $2)
select user_id % $1 as user_group, least(session_depth, $2) as depth, position, count(*), count(*) filter (clicked)
from impressions
where position <= $2
group by user_group, depth, position
order by user_group, depth, position;
