-- one row a swipe of the users of live_touched with ids from $1 to $2
select user_id, impression_id, card_id, coalesce(swiped_at_ms, 0)::bigint as swiped_at_ms, coalesce(position, -1)::integer as position, flags,
    coalesce(view_seconds, 'nan'::float)::float as view_seconds
from swipe_rows
where user_id between $1 and $2 and user_id in (select user_id from live_touched)
order by user_id, impression_id, swipe_no;
