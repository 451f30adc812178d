-- one row an hour of the day in which sessions started and a group of users (of $1)
select hour, user_id % $1 as user_group, count(*), sum(seconds)::bigint
from sessions
group by hour, user_group
order by hour, user_group;
