-- one row a part of the log (from day $1 on: true) and a pair of impressions and clicks: users seen in both parts
with per_user as (
    select sum(impressions) filter (day < $1::date) as impressions_before, coalesce(sum(clicks) filter (day < $1::date), 0) as clicks_before,
        sum(impressions) filter (day >= $1::date) as impressions_after, coalesce(sum(clicks) filter (day >= $1::date), 0) as clicks_after
    from user_days
    group by user_id
    having impressions_before is not null and impressions_after is not null
), parts as (
    select false as after, impressions_before as impressions, clicks_before as clicks from per_user
    union all
    select true, impressions_after, clicks_after from per_user
)
select after, impressions::bigint, clicks::bigint, count(*)
from parts
group by after, impressions, clicks
order by after, impressions, clicks;
