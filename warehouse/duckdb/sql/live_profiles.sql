-- gives the users of live_spoken_users the latest of each trait that was said of them
update users
set listed = true, province = coalesce(said.province, users.province), age = coalesce(said.age, users.age), gender = coalesce(said.gender, users.gender),
    registered_months = coalesce(said.registered_months, users.registered_months), follows = coalesce(said.follows, users.follows)
from (
    select user_id, last(province order by at_ms, seq) filter (province is not null) as province, last(age order by at_ms, seq) filter (age is not null) as age,
        last(gender order by at_ms, seq) filter (gender is not null) as gender,
        last(registered_months order by at_ms, seq) filter (registered_months is not null) as registered_months,
        last(follows order by at_ms, seq) filter (follows is not null) as follows
    from live_profiles
    where user_id in (select user_id from live_spoken_users)
    group by user_id
) as said
where users.user_id = said.user_id;
