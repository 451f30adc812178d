-- one row an hour of the day in which sessions started
select hour, count(*), sum(seconds)::bigint, sum(impressions)::bigint, sum(clicks)::bigint, sum(seconds::double * seconds)
from sessions
group by hour
order by hour;
