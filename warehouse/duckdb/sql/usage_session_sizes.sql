-- one row a measure and value: sessions of that value
select case when grouping(seconds) = 0 then 'seconds' when grouping(impressions) = 0 then 'impressions' when grouping(clicks) = 0 then 'clicks' else 'depth' end as measure,
    coalesce(seconds, impressions, clicks, depth)::bigint as value, count(*)
from sessions
group by grouping sets ((seconds), (impressions), (clicks), (depth))
having value is not null
order by measure, value;
