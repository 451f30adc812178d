-- one row a user, card and type of feedback that holds
select user_id, card_id, type, value, last_at_ms, coalesce(note, '') as note
from feedback
order by user_id, last_at_ms, card_id, type
