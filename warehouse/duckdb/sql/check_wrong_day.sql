-- one row: how many impressions state a day other than their time's, of how many, and examples
with bad as (
    select impression_id, i.user_id, i.card_id, i.shown_at_ms, ' (' || day || ')' || ', day stated ' || dt as detail
    from impressions i 
    where dt <> day(day)
)
select (select count(*) from bad), (select count(*) from impressions),
    (select string_agg('user ' || user_key || ', card ' || card_key || ', shown at ' || shown_at_ms || detail, chr(10) order by impression_id)
     from (select * from bad order by impression_id limit 5) join users using (user_id) join cards using (card_id));
