-- one row a user seen in the days $1 to $2 (days since 1970)
select user_id, sum(impressions)::integer as impressions, sum(clicks)::integer as clicks
from user_days
where day between date '1970-01-01' + $1::integer and date '1970-01-01' + $2::integer
group by user_id
