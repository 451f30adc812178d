-- one row a user with impressions: her days summed up. A day split over two loads has two rows and counts once; only users of more than one
-- load can have such days, and counting distinct days of everybody would take longer than all else.
insert into user_totals
with split as (
    select user_id, count(*) - count(distinct day) as days
    from user_days
    where user_id in (select user_id from user_days group by user_id having min(load_id) <> max(load_id))
    group by user_id
), sums as (
    select user_id, sum(impressions) as impressions, sum(clicks) as clicks, sum(likes) as likes, sum(comments) as comments, sum(shares) as shares,
        sum(comment_views) as comment_views, sum(creator_visits) as creator_visits, sum(view_seconds::double) as view_seconds, sum(position_sum) as position_sum,
        sum(sessions) as sessions, count(*) as days, sum(repeats) as repeats, sum(repeat_clicks) as repeat_clicks,
        sum(swipes) as swipes, sum(swipe_likes) as swipe_likes, sum(swipe_view_seconds::double) as swipe_view_seconds, min(day) as first_day, max(day) as last_day
    from user_days
    group by user_id
)
select user_id, impressions, clicks, likes, comments, shares, comment_views, creator_visits, view_seconds, position_sum, sessions,
    sums.days - coalesce(split.days, 0), repeats, repeat_clicks, swipes, swipe_likes, swipe_view_seconds, first_day, last_day
from sums left join split using (user_id)
order by user_id;
