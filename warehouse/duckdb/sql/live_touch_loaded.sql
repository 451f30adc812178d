-- one row a user of the live log of whom load $1 brought impressions, or any where that is 0; those whose rows change with the load
insert into live_touched
select distinct user_id
from live_events
where $1 = 0 or user_id in (select user_id from user_days where load_id = $1)
order by user_id;
