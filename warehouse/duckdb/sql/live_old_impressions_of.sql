-- one row an impression of user $1
select user_id, impression_id, card_id, shown_at_ms, coalesce(position, -1)::integer as position, flags, coalesce(view_seconds, 'nan'::float)::float as view_seconds,
    coalesce(swipes, -1)::integer as swipes, show_no, coalesce(session_depth, -1)::integer as session_depth, coalesce(day_depth, -1)::integer as day_depth
from impression_rows
where user_id = $1;
