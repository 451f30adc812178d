-- one row: what happened on cards of the feed and on cards reached by swiping
select (select count(*) from impressions where swipes > 0), (select count(*) from swipes),
    (select coalesce(sum(likes), 0)::bigint from user_totals), (select coalesce(sum(comments), 0)::bigint from user_totals),
    (select coalesce(sum(shares), 0)::bigint from user_totals),
    (select count(*) from swipes where liked), (select count(*) from swipes where commented), (select count(*) from swipes where shared),
    (select coalesce(sum(view_seconds), 0) from user_totals), (select coalesce(sum(swipe_view_seconds), 0) from user_totals);
