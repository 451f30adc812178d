-- takes out the totals of the users of live_touched with ids from $1 to $2
delete from user_totals where user_id between $1 and $2 and user_id in (select user_id from live_touched);
