-- one row a card
select card_id, coalesce(content_id, -1)::smallint as content_id
from cards
