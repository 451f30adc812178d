-- takes out what the live log said of users whom load $1 lists
delete from live_profiles where user_id in (select user_id from users where listed and load_id = $1);
