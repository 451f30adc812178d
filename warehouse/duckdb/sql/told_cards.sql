-- one row a card of which something was said since it was deleted last, or that is deleted
with said as (
    select t.*
    from live_traits t
    where not exists (from live_traits d where d.card_id = t.card_id and d.deleted and (d.at_ms > t.at_ms or d.at_ms = t.at_ms and d.seq > t.seq))
)
select card_id, max(at_ms) as at_ms, last(deleted order by at_ms, seq) as deleted, last(hidden order by at_ms, seq) as hidden,
    coalesce(last(published_ms order by at_ms, seq) filter (published_ms is not null), 0)::bigint as published_ms,
    coalesce(min(at_ms) filter (not deleted), 0)::bigint as first_ms, coalesce(last(talk order by at_ms, seq), '') as talk,
    coalesce(last(categories order by at_ms, seq), '') as categories, coalesce(last(labels order by at_ms, seq), '') as labels,
    coalesce(last(note order by at_ms, seq), '') as note
from said
group by card_id
order by card_id
