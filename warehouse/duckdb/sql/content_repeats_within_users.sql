-- one row a group of users (of $1): the sums of the Mantel-Haenszel ratio of repeats' and first shows' click-through rates, a user a stratum
select user_id % $1 as user_group, count(*),
    sum(repeat_clicks * (impressions - repeats)::double / impressions),
    sum((clicks - repeat_clicks) * repeats::double / impressions)
from user_totals
where repeats between 1 and impressions - 1
group by user_group
order by user_group;
