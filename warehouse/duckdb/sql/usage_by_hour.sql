-- one row an hour of a day with impressions
select day, hour, count(*), count(*) filter (clicked)
from impressions
group by day, hour
order by day, hour;
