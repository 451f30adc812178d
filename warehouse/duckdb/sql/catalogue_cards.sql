-- one row a card
select card_id, listed, coalesce(published - date '1970-01-01', -2147483648)::integer as published, coalesce(card_type, -1)::tinyint as card_type,
    coalesce(content_id, -1)::smallint as content_id, coalesce(song_id, -1)::integer as song_id, coalesce(artist_id, -1)::integer as artist_id,
    coalesce(creator_id, -1)::integer as creator_id, coalesce(talk_id, -1)::integer as talk_id
from cards
