-- one row a combination: users seen before day $1 and from it on, by whether their rates reach $2 before and $3 after
with per_user as (
    select sum(clicks) filter (day < $1::date)::double / sum(impressions) filter (day < $1::date) as before,
        sum(clicks) filter (day >= $1::date)::double / sum(impressions) filter (day >= $1::date) as after
    from user_days
    group by user_id
    having before is not null and after is not null
)
select before >= $2::double as active_before, after >= $3::double as active_after, count(*)
from per_user
group by active_before, active_after
order by active_before, active_after;
