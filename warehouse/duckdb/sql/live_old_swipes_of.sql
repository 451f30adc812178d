-- one row a swipe of user $1
select user_id, impression_id, card_id, coalesce(swiped_at_ms, 0)::bigint as swiped_at_ms, coalesce(position, -1)::integer as position, flags,
    coalesce(view_seconds, 'nan'::float)::float as view_seconds
from swipe_rows
where user_id = $1
order by impression_id, swipe_no;
