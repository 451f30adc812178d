-- one row an event of user $1
select user_id, seq, card_id, at_ms, kind, coalesce(from_card, -1)::integer as from_card, coalesce(slot, -1)::integer as slot, value, request
from live_events
where user_id = $1;
