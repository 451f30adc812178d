-- one row a user who was deleted
select key_hash, max(at_ms) as at_ms
from live_deleted
group by key_hash
order by key_hash
