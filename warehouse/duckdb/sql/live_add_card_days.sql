-- adds what card days gain to the live log's own rows of them
insert into live_card_days
select card_id, day, impressions, clicks, likes, comments, shares, comment_views, creator_visits, creator_follows
from card_days
where load_id = 0 and card_id in (select card_id from live_card_days) and day in (select day from live_card_days)
    and (card_id, day) in (select (card_id, day) from live_card_days);
delete from card_days using (select distinct card_id, day from live_card_days) g where load_id = 0 and card_days.card_id = g.card_id and card_days.day = g.day;
insert into card_days
select 0, card_id, day, sum(impressions), sum(clicks), sum(likes), sum(comments), sum(shares), sum(comment_views), sum(creator_visits), sum(creator_follows)
from live_card_days
group by card_id, day
having sum(impressions) <> 0 or sum(likes) <> 0 or sum(comments) <> 0 or sum(shares) <> 0 or sum(comment_views) <> 0 or sum(creator_visits) <> 0 or sum(creator_follows) <> 0
order by card_id, day;
