-- one row a group of users (of $1) and number of showings of the card to the user (5 for 5 or more)
select user_id % $1 as user_group, least(show_no, 5) as shown_times, count(*), count(*) filter (clicked)
from impressions
group by user_group, shown_times
order by user_group, shown_times;
