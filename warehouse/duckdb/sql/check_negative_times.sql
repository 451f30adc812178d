-- one row: how many impressions have a negative time, of how many, and examples
with bad as (
    select impression_id, i.user_id, i.card_id, i.shown_at_ms, coalesce(', viewed for ' || view_seconds || ' s', '') as detail
    from impressions i 
    where shown_at_ms < 0 or view_seconds < 0
)
select (select count(*) from bad), (select count(*) from impressions),
    (select string_agg('user ' || user_key || ', card ' || card_key || ', shown at ' || shown_at_ms || detail, chr(10) order by impression_id)
     from (select * from bad order by impression_id limit 5) join users using (user_id) join cards using (card_id));
