-- one row a first day and a day: users first seen on the one and seen on the other
select first_day, day, count(distinct user_id)
from user_days join user_totals using (user_id)
group by first_day, day
order by first_day, day;
