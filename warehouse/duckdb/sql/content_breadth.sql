-- one row a number of clicks on cards of known category and whether users are new (registered for at most $1 months)
with per_user as (
    select user_id, count(*) as clicks, count(distinct content_id) as categories
    from impressions join cards using (card_id)
    where clicked and content_id is not null
    group by user_id
)
select clicks, coalesce(registered_months <= $1, false) as is_new, count(*), sum(categories)::double, sum(categories * categories)::double
from per_user join users using (user_id)
group by clicks, is_new
order by clicks, is_new;
