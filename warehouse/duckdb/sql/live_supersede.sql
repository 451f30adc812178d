-- takes out what the live log said of users and cards that a load, the newest, lists
delete from live_profiles where user_id in (select user_id from users where listed and load_id = (select max(load_id) from users));
delete from live_traits where card_id in (select card_id from cards where listed and load_id = (select max(load_id) from cards));
