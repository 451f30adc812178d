-- takes out the rows that go or are written anew
delete from impression_rows where impression_id in (select impression_id from live_gone_impressions);
delete from swipe_rows where impression_id in (select impression_id from live_gone_impressions);
delete from sessions using live_gone_sessions g where sessions.user_id = g.user_id and sessions.started_at_ms = g.started_at_ms;
delete from user_days using live_gone_days g where user_days.user_id = g.user_id and user_days.day = g.day;
delete from live_follows using live_gone_follows g where live_follows.user_id = g.user_id and live_follows.card_id = g.card_id;
delete from live_gone_impressions;
delete from live_gone_sessions;
delete from live_gone_days;
delete from live_gone_follows;
