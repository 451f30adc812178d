-- one row: how many users have been registered for more than 80 months, of how many, and examples
select (select count(*) from users where registered_months > 80), (select count(*) from users where listed),
    (select string_agg('user ' || user_key || ', ' || registered_months || ' months', chr(10) order by user_id)
     from (select * from users where registered_months > 80 order by user_id limit 5));
