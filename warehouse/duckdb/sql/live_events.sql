-- one row an event of the users of live_touched with ids from $1 to $2
select user_id, seq, card_id, at_ms, kind, coalesce(from_card, -1)::integer as from_card, coalesce(slot, -1)::integer as slot, value, request
from live_events
where user_id between $1 and $2 and user_id in (select user_id from live_touched);
