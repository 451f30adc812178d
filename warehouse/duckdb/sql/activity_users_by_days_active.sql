-- one row a number of days active
select days_active::integer, count(*), sum(impressions)::bigint, sum(clicks)::bigint
from user_totals
group by days_active
order by days_active;
