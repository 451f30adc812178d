-- one row an age in days (0 to $1): cards published within the days of the daily counts that can be followed so long, and what they were shown
with span as (
    select min(day) as first_day, max(day) as last_day from card_days
), born as (
    select card_id, published, last_day - published as followed from cards, span where published between first_day and last_day
), ages as (
    select unnest(range($1::integer + 1)) as age
), cohort as (
    select age, count(*) as cards from ages join born on age <= followed group by age
), shown as (
    select day - published as age, count(*) as shown, sum(impressions) as impressions, sum(clicks) as clicks
    from card_days join born using (card_id)
    group by age
)
select age::integer, cards, coalesce(shown, 0), coalesce(impressions, 0)::bigint, coalesce(clicks, 0)::bigint
from cohort left join shown using (age)
order by age;
