-- one row a day with impressions, of the days $1 to $2 (days since 1970)
select distinct (day - date '1970-01-01')::integer as day
from user_days
where day between date '1970-01-01' + $1::integer and date '1970-01-01' + $2::integer
order by day
