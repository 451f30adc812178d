-- one row a combination of impressions, clicks and cards published, and how many creators have it
with per_card as (
    select card_id, count(*) as impressions, count(*) filter (clicked) as clicks
    from impressions
    group by card_id
), shown as (
    select creator_id, sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks
    from per_card join cards using (card_id)
    where creator_id is not null
    group by creator_id
), published as (
    select creator_id, sum(published)::bigint as published
    from creator_days
    group by creator_id
)
select coalesce(impressions, 0) as i, coalesce(clicks, 0) as c, coalesce(published, 0) as p, count(*)
from creators left join shown using (creator_id) left join published using (creator_id)
group by i, c, p
order by i, c, p;
