-- one row a user
select user_id, user_key
from users
