-- one row a user: those with the most clicks
select user_key, impressions::bigint, clicks::bigint, coalesce(level, -1)::integer
from user_totals join users using (user_id)
order by clicks desc, user_key
limit $1;
