-- all users and cards of whom something was said
insert into live_spoken_users select distinct user_id from live_profiles;
insert into live_spoken_cards select distinct card_id from live_traits;
