-- gives the cards of live_spoken_cards what was said of them last, other than that they are gone. Where only the live log tells when a card was published
-- (load_id 0), that is the day on which it was first spoken of.
update cards
set load_id = case when cards.published is null then 0 else cards.load_id end, listed = said.listed,
    song_id = case when said.told > 0 then said.song_id else cards.song_id end, artist_id = case when said.told > 0 then said.artist_id else cards.artist_id end,
    creator_id = case when said.told > 0 then said.creator_id else cards.creator_id end,
    published = coalesce(said.published, case when cards.load_id > 0 then cards.published end, said.day),
    card_type = case when said.told > 0 then said.card_type else cards.card_type end, content_id = case when said.told > 0 then said.content_id else cards.content_id end,
    talk_id = case when said.told > 0 then said.talk_id else cards.talk_id end
from (
    select card_id, not last(deleted or hidden order by at_ms, seq) as listed, min(day) as day, count(*) filter (not deleted) as told,
        last(song_id order by at_ms, seq) filter (not deleted) as song_id, last(artist_id order by at_ms, seq) filter (not deleted) as artist_id,
        last(creator_id order by at_ms, seq) filter (not deleted) as creator_id, last(published order by at_ms, seq) filter (published is not null) as published,
        nullif(last(card_type order by at_ms, seq) filter (not deleted), 0) as card_type,
        last(content_id order by at_ms, seq) filter (not deleted) as content_id,
        try_cast(last(talk order by at_ms, seq) filter (not deleted) as integer) as talk_id
    from live_traits
    where card_id in (select card_id from live_spoken_cards)
    group by card_id
) as said
where cards.card_id = said.card_id;
