-- one row a card and day of the days $1 to $2 (days since 1970) with impressions, over all users of the app; what several loads say of one day adds up
select card_id, day, sum(impressions)::integer as impressions, sum(clicks)::integer as clicks, sum(likes)::integer as likes, sum(comments)::integer as comments,
    sum(shares)::integer as shares, sum(comment_views)::integer as comment_views, sum(creator_visits)::integer as creator_visits, sum(creator_follows)::integer as creator_follows
from card_days
where day between date '1970-01-01' + $1::integer and date '1970-01-01' + $2::integer
group by card_id, day
having sum(impressions) > 0
order by card_id, day
