-- one row a user with impressions
select user_id, first_day, last_day
from user_totals
