-- takes out what the users of live_gone_users sent until then, and what is known of them
delete from live_events using live_gone_users g where live_events.user_id = g.user_id and live_events.at_ms <= g.at_ms;
delete from live_feedback using live_gone_users g where live_feedback.user_id = g.user_id and live_feedback.at_ms <= g.at_ms;
delete from live_pages using live_gone_users g where live_pages.user_id = g.user_id and live_pages.at_ms <= g.at_ms;
delete from live_profiles using live_gone_users g where live_profiles.user_id = g.user_id and live_profiles.at_ms <= g.at_ms;
delete from duplicates where log_table = 'user_demographics' and key in (select user_key from users where user_id in (select user_id from live_gone_users));
update users set listed = false, province = null, age = null, gender = null, registered_months = null, follows = null, level = null
where user_id in (select user_id from live_gone_users);
