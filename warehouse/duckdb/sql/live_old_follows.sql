-- one row a follow of the users of live_touched with ids from $1 to $2
select user_id, card_id, day
from live_follows
where user_id between $1 and $2 and user_id in (select user_id from live_touched)
order by user_id, card_id;
