-- one row a content category, whether users are new (registered for at most $1 months) and a group of users (of $2): their clicks
with clicked as (
    select user_id, content_id, count(*) as clicks
    from impressions join cards using (card_id)
    where clicked
    group by user_id, content_id
)
select coalesce(content_key, '') as content, coalesce(registered_months <= $1, false) as is_new, user_id % $2 as user_group,
    sum(clicked.clicks)::bigint, sum(clicked.clicks::double / t.clicks)
from clicked join user_totals t using (user_id) join users using (user_id) left join contents using (content_id)
group by content_key, is_new, user_group
order by content_key nulls last, is_new, user_group;
