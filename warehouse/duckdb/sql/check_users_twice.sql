-- one row: how many users are listed more than once in a file, of how many, and examples
select (select count(*) from duplicates where log_table = 'user_demographics'), (select count(*) from users where listed),
    (select string_agg('user ' || key || ', ' || times || ' rows', chr(10) order by key)
     from (select * from duplicates where log_table = 'user_demographics' order by key limit 5));
