-- one row a day and the day before it on which users were seen, null when it was their first
with seen as (
    select user_id, day from user_days group by user_id, day
), gaps as (
    select day, lag(day) over (partition by user_id order by day) as previous from seen
)
select day, previous, count(*)
from gaps
group by day, previous
order by day, previous nulls first;
