-- one row a card type; squares are summed over cards
with per_card as (
    select card_id, count(*) as impressions, count(*) filter (clicked) as clicks, coalesce(sum(view_seconds::double), 0) as view_seconds
    from impressions
    group by card_id
)
select coalesce(card_type, 0) as type, count(*), sum(impressions)::bigint, sum(clicks)::bigint,
    sum(impressions::double * impressions), sum(clicks::double * clicks), sum(impressions::double * clicks), sum(view_seconds)
from per_card join cards using (card_id)
group by type
order by type;
