-- one row a level, -1 for users without one; active from a click-through rate of $1 on
select coalesce(level, -1)::integer as grade, count(*), count(*) filter (clicks::double / impressions >= $1::double),
    sum(impressions)::bigint, sum(clicks)::bigint,
    sum(impressions::double * impressions), sum(clicks::double * clicks), sum(impressions::double * clicks),
    sum(likes)::bigint, sum(comment_views)::bigint
from user_totals join users using (user_id)
group by grade
order by grade < 0, grade;
