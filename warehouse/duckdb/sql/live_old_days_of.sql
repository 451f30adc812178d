-- one row a user day (and load) of user $1
select user_id, day, impressions, clicks, likes, comments, shares, comment_views, creator_visits, coalesce(position_sum, -1)::bigint as position_sum,
    coalesce(depth, -1)::integer as depth, sessions, repeats, repeat_clicks, swipes, swipe_likes, view_seconds, swipe_view_seconds
from user_days
where user_id = $1
order by day;
