-- The tables of the live log, beside those of schema.sql, which hold what follows from it. load_id 0 is the live log's; its impressions have the ids
-- from 2^40 on, by the number of the event that made them.

-- one row: the number of the last event that is in
create table if not exists live_offset (seq ubigint not null);
-- what tells that event from those of other logs; 0 says nothing
alter table live_offset add column if not exists mark bigint default 0;

-- one row an event of a user on a card; kind is a warehouse.LiveKind. request is '' where there is none; value: the seconds of a view, the kind that is undone (0: all)
create table if not exists live_events (seq ubigint not null, user_id integer not null, card_id integer not null, at_ms bigint not null, kind utinyint not null,
    from_card integer, request varchar not null, slot integer, value double not null);

-- one row an event of feedback of a sender's own type; deleted: takes back what was sent until then of that type, or of all where it is ''
create table if not exists live_feedback (seq ubigint not null, user_id integer not null, card_id integer not null, at_ms bigint not null, type varchar not null,
    value double not null, replaces boolean not null, deleted boolean not null, note varchar);

-- one row a user, card and type: the feedback that holds
create view if not exists feedback as
select user_id, card_id, type, sum(value) as value, min(at_ms) as first_at_ms, max(at_ms) as last_at_ms, last(note order by at_ms, seq) as note
from live_feedback f
where not deleted and not exists (
    select 1 from live_feedback d
    where d.user_id = f.user_id and d.card_id = f.card_id and (d.deleted and d.type in ('', f.type) or d.replaces and d.type = f.type)
        and (d.at_ms > f.at_ms or d.at_ms = f.at_ms and d.seq > f.seq)
)
group by user_id, card_id, type;

-- one row a user and card whose creator she followed, by the day of the first time
create table if not exists live_follows (user_id integer not null, card_id integer not null, day date not null);

-- one row a card of a page that was made for a user; propensity: the chance that this card came to stand in this slot
create table if not exists live_pages (seq ubigint not null, user_id integer not null, at_ms bigint not null, request varchar not null, model varchar not null,
    slot smallint not null, card_id integer not null, score double not null, propensity double not null, explored boolean not null, source varchar not null);

-- one row a time that something was said of a user; null says nothing
create table if not exists live_profiles (seq ubigint not null, user_id integer not null, at_ms bigint not null, province varchar, age smallint, gender varchar,
    registered_months smallint, follows integer, labels varchar, note varchar);

-- one row a time that something was said of a card; day is that of the event, categories a list in JSON
create table if not exists live_traits (seq ubigint not null, card_id integer not null, at_ms bigint not null, day date not null, deleted boolean not null, hidden boolean not null,
    song_id integer, artist_id integer, creator_id integer, published date, card_type tinyint, content_id smallint, talk varchar, categories varchar, labels varchar, note varchar);

-- one row a user who was deleted, by a hash of her id: what she did until then is not taken in when it comes late
create table if not exists live_deleted (key_hash ubigint not null, at_ms bigint not null);

-- the moment of publication that was said, of which published is the day; databases of before lack it
alter table live_traits add column if not exists published_ms bigint;
