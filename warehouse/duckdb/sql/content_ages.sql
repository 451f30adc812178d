-- one row a group of cards (of $1) and age in days (0 to $2), counted over all users of the app
select card_id % $1 as card_group, day - published as age, count(*), sum(impressions)::bigint, sum(clicks)::bigint
from card_days join cards using (card_id)
where day - published between 0 and $2
group by card_group, age
order by card_group, age;
