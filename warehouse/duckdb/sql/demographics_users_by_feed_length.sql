-- one row a mean position in thousandths, activity (rate of $1 or more) and whether users are new (registered for at most $2 months): its users
with unplaced as (
    select user_id, count(*) as impressions from impressions where position is null group by user_id
), placed as (
    select user_id, user_totals.impressions, clicks, position_sum, user_totals.impressions - coalesce(unplaced.impressions, 0) as with_position
    from user_totals left join unplaced using (user_id)
)
select round(position_sum::double / with_position, 3) as value, clicks::double / impressions >= $1::double as active,
    coalesce(registered_months between 0 and $2::integer, false) as fresh, count(*)
from placed join users using (user_id)
where with_position > 0
group by value, active, fresh
order by value, active, fresh;
