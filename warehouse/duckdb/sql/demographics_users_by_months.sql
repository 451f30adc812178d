-- one row a tenure in months, -1 when unknown, and activity (rate of $1 or more): users, their impressions and clicks, and the sums of their rates and squared rates.
-- The sums run over whole millionths of a millionth, so that they do not depend on the order in which threads add.
with per_user as (
    select coalesce(registered_months, -1)::integer as months, impressions, clicks, clicks::double / impressions as rate
    from user_totals join users using (user_id)
)
select months, rate >= $1::double as active, count(*), sum(impressions)::bigint, sum(clicks)::bigint,
    sum(round(rate * 1e12)::bigint)::double / 1e12, sum(round(rate * rate * 1e12)::bigint)::double / 1e12
from per_user
group by months, active
order by months, active;
