-- one row a follow of user $1
select user_id, card_id, day
from live_follows
where user_id = $1
order by card_id;
