-- one row a user
select user_id, listed, coalesce(province, '') as province, coalesce(gender, '') as gender, coalesce(age, -1)::smallint as age,
    coalesce(registered_months, -1)::smallint as registered_months, coalesce(follows, -1)::integer as follows, coalesce(level, -1)::tinyint as level
from users
