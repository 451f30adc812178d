-- takes the ids away of users of live_gone_users who did nothing since; their numbers stay, since numbers are without gaps
update users set user_key = '(deleted ' || user_id || ')'
where user_id in (
    select user_id from live_gone_users
    except select user_id from impression_rows where user_id in (select user_id from live_gone_users)
    except select user_id from live_events where user_id in (select user_id from live_gone_users)
    except select user_id from live_feedback where user_id in (select user_id from live_gone_users)
    except select user_id from live_pages where user_id in (select user_id from live_gone_users)
    except select user_id from live_profiles where user_id in (select user_id from live_gone_users)
);
