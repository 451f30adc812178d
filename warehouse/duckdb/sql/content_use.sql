-- one row a content category and whether users are new (registered for at most $1 months)
with u as (
    select user_id, t.impressions, coalesce(registered_months <= $1, false) as is_new
    from user_totals t join users using (user_id)
), uses as (
    select content_id, is_new, count(*) as impressions, count(*) filter (clicked) as clicks,
        coalesce(sum(1.0::double / u.impressions) filter (clicked), 0) as click_shares, sum(1.0::double / u.impressions) as shown_shares
    from impressions i join u using (user_id) join cards using (card_id)
    group by content_id, is_new
), groups as (
    select is_new, count(*) as users from u group by is_new
)
select coalesce(content_key, ''), is_new, impressions, clicks, users, click_shares, shown_shares
from uses join groups using (is_new) left join contents using (content_id)
order by content_key nulls last, is_new;
