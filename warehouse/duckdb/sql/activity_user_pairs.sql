-- one row a pair of impressions and clicks: users with exactly these
select impressions, clicks, count(*)
from user_totals
group by impressions, clicks
order by impressions, clicks;
