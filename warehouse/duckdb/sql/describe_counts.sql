-- one row: how much of everything there is
select (select count(*) from impressions), (select count(*) from swipes),
    (select count(*) from users), (select count(*) from cards), (select count(*) from creators),
    (select count(*) from users where listed), (select count(*) from cards where listed), (select count(*) from creators where listed),
    (select count(*) from card_days), (select count(*) from creator_days),
    (select min(day) from user_days), (select max(day) from user_days),
    (select max(value) from settings where name = 'zone'), (select coalesce(max(value::bigint), 0) from settings where name = 'shift_days');
