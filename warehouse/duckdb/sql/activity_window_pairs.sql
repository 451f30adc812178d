-- one row a window of $1 days and a pair of impressions and clicks: users with exactly these in the window
with first as (select min(day) as day from user_days),
per_user as (
    select date_diff('day', first.day, user_days.day) // $1::integer as part, sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks
    from user_days, first
    group by user_id, part
)
select part, impressions, clicks, count(*)
from per_user
group by all
order by part, impressions, clicks;
