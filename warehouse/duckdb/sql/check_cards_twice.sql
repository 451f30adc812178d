-- one row: how many cards are listed more than once in a file, of how many, and examples
select (select count(*) from duplicates where log_table = 'mlog_demographics'), (select count(*) from cards where listed),
    (select string_agg('card ' || key || ', ' || times || ' rows', chr(10) order by key)
     from (select * from duplicates where log_table = 'mlog_demographics' order by key limit 5));
