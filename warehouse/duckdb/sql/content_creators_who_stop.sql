-- one row a combination of many followers and having stopped: creators who published on the first third of the days
with span as (
    select min(day) as first_day, ((max(day) - min(day) + 1) // 3)::integer as third, max(day) as last_day
    from creator_days
), early as (
    select creator_id, max(case when day > last_day - third then published else 0 end) = 0 as stopped
    from creator_days, span
    group by creator_id
    having max(case when day < first_day + third then published else 0 end) > 0
), known as (
    select stopped, followers
    from early join creators using (creator_id)
    where followers is not null
), middle as (
    select median(followers) as followers from known
)
select known.followers > middle.followers as many, stopped, count(*)
from known, middle
group by many, stopped
order by many, stopped;
