-- one row a creator
select creator_id, creator_key, coalesce(followers, -1)::bigint as followers
from creators
