-- one row: how many impressions show a card again, of how many, and examples
with bad as (
    select impression_id, i.user_id, i.card_id, i.shown_at_ms, ', show ' || show_no as detail
    from impressions i 
    where show_no > 1
)
select (select count(*) from bad), (select count(*) from impressions),
    (select string_agg('user ' || user_key || ', card ' || card_key || ', shown at ' || shown_at_ms || detail, chr(10) order by impression_id)
     from (select * from bad order by impression_id limit 5) join users using (user_id) join cards using (card_id));
