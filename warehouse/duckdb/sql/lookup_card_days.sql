-- one row a day before $2 (days since 1970) on which the card with the log's own id $1 was shown in the feed
select day, count(*) as impressions, count(*) filter (where clicked) as clicks, count(distinct user_id) as users
from impressions
where card_id in (select card_id from cards where card_key = $1) and day < date '1970-01-01' + $2::integer
group by day
order by day
