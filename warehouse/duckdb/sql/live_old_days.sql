-- one row a user day (and load) of the users of live_touched with ids from $1 to $2
select user_id, day, impressions, clicks, likes, comments, shares, comment_views, creator_visits, coalesce(position_sum, -1)::bigint as position_sum,
    coalesce(depth, -1)::integer as depth, sessions, repeats, repeat_clicks, swipes, swipe_likes, view_seconds, swipe_view_seconds
from user_days
where user_id between $1 and $2 and user_id in (select user_id from live_touched)
order by user_id, day;
