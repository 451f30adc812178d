-- one row a user with impressions: her days summed up
insert into user_totals
select user_id, sum(impressions), sum(clicks), sum(likes), sum(comments), sum(shares), sum(comment_views), sum(creator_visits),
    sum(view_seconds::double), sum(position_sum), sum(sessions), count(distinct day), sum(repeats), sum(repeat_clicks),
    sum(swipes), sum(swipe_likes), sum(swipe_view_seconds::double), min(day), max(day)
from user_days
group by user_id
order by user_id;
