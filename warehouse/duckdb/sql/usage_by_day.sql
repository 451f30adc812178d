-- one row a day with impressions
select day, sum(impressions)::bigint, sum(clicks)::bigint, count(distinct user_id)
from user_days
group by day
order by day;
