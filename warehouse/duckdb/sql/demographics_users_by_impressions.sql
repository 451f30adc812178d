-- one row a number of impressions, activity (rate of $1 or more) and whether users are new (registered for at most $2 months): its users
select impressions::double as value, clicks::double / impressions >= $1::double as active, coalesce(registered_months between 0 and $2::integer, false) as fresh, count(*)
from user_totals join users using (user_id)
group by value, active, fresh
order by value, active, fresh;
