-- one row an hour of the day and a group of users (of $1)
select hour, user_id % $1 as user_group, count(*), count(*) filter (clicked)
from impressions
group by hour, user_group
order by hour, user_group;
