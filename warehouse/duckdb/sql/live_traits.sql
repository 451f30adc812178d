-- gives the cards of live_spoken_cards the latest of each trait that was said of them. Where only the live log tells when a card was published (load_id 0),
-- that is the day on which it was first spoken of.
update cards
set load_id = case when cards.published is null then 0 else cards.load_id end, listed = said.listed,
    song_id = coalesce(said.song_id, cards.song_id), artist_id = coalesce(said.artist_id, cards.artist_id), creator_id = coalesce(said.creator_id, cards.creator_id),
    published = coalesce(said.published, case when cards.load_id > 0 then cards.published end, said.day),
    card_type = coalesce(said.card_type, cards.card_type), content_id = coalesce(said.content_id, cards.content_id),
    talk_id = coalesce(said.talk_id, cards.talk_id)
from (
    select card_id, not last(deleted or hidden order by at_ms, seq) as listed, min(day) as day,
        last(song_id order by at_ms, seq) filter (song_id is not null) as song_id, last(artist_id order by at_ms, seq) filter (artist_id is not null) as artist_id,
        last(creator_id order by at_ms, seq) filter (creator_id is not null) as creator_id, last(published order by at_ms, seq) filter (published is not null) as published,
        nullif(last(card_type order by at_ms, seq) filter (card_type is not null), 0) as card_type,
        last(content_id order by at_ms, seq) filter (content_id is not null) as content_id,
        try_cast(last(talk order by at_ms, seq) filter (talk is not null) as integer) as talk_id
    from live_traits
    where card_id in (select card_id from live_spoken_cards)
    group by card_id
) as said
where cards.card_id = said.card_id;
