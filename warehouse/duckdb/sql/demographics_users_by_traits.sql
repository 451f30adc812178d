-- one row a combination of province, age, gender, tenure (0 unknown, 1 known, 2 outside 0..$2 months) and activity (rate of $1 or more): its users
select coalesce(province, '') as place, coalesce(age, -1)::integer as years, coalesce(gender, '') as sex,
    case when registered_months is null then 0 when registered_months between 0 and $2::integer then 1 else 2 end as tenure,
    clicks::double / impressions >= $1::double as active, count(*)
from user_totals join users using (user_id)
group by place, years, sex, tenure, active
order by place, years, sex, tenure, active;
