-- gives the users of live_spoken_users what was said of them last
update users
set listed = true, province = said.province, age = said.age, gender = said.gender, registered_months = said.registered_months, follows = said.follows
from (
    select user_id, last(province order by at_ms, seq) as province, last(age order by at_ms, seq) as age, last(gender order by at_ms, seq) as gender,
        last(registered_months order by at_ms, seq) as registered_months, last(follows order by at_ms, seq) as follows
    from live_profiles
    where user_id in (select user_id from live_spoken_users)
    group by user_id
) as said
where users.user_id = said.user_id;
