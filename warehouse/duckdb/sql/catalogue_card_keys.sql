-- one row a card
select card_id, card_key
from cards
