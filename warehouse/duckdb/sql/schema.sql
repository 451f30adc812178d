-- The tables of a segue warehouse. Ids are dense integers from 0, given in order of first sight; *_key is the log's own id.
-- Days are local days of the log's zone. load_id says which load brought a row.

create table settings (name varchar not null, value varchar not null);

create table loads (load_id usmallint not null, log_table varchar not null, file varchar not null, head varchar not null, fingerprint varchar not null,
    input_rows bigint not null, rejected bigint not null, absent_roles varchar not null, loaded_at timestamp not null,
    first_impression bigint not null, end_impression bigint not null); -- its impressions' ids are from first to before end

-- one row a user id seen anywhere; listed: has a row in the user table
create table users (load_id usmallint not null, user_id integer not null, user_key varchar not null, listed boolean not null,
    province varchar, age smallint, gender varchar, registered_months smallint, follows integer, level tinyint);

-- one row a creator id seen anywhere
create table creators (load_id usmallint not null, creator_id integer not null, creator_key varchar not null, listed boolean not null,
    gender varchar, registered_months smallint, follows bigint, followers bigint, creator_type integer, level tinyint);

create table songs (song_id integer not null, song_key varchar not null);
create table artists (artist_id integer not null, artist_key varchar not null);
-- one row a content category; content_key is as logged, of the reference log "5000,5006,5036", whose levels stand apart (null for other spellings)
create table contents (content_id smallint not null, content_key varchar not null, level1 integer, level2 integer, level3 integer);

-- one row a card id seen anywhere; published is the local day of publication
create table cards (load_id usmallint not null, card_id integer not null, card_key varchar not null, listed boolean not null,
    song_id integer, artist_id integer, creator_id integer, published date, card_type tinyint, content_id smallint, talk_id integer);

-- ids that stood twice in one file: log_table, the id, how often
create table duplicates (load_id usmallint not null, log_table varchar not null, key varchar not null, times integer not null);

-- one row an impression, sorted by user_id, shown_at_ms within a load. show_no: 1 the first time the user sees the card, 2 the second, ...;
-- session_depth: largest position of the session (gap over 30 minutes starts a new one) the impression is in; null columns: role absent or null
-- flags: six bits of actions, the hour in bits 6 to 10, dt in bits 11 to 15 (0 is null): a column costs a load the same whether it holds a bit or a number
create table impression_rows (impression_id bigint not null, user_id integer not null, card_id integer not null, shown_at_ms bigint not null, day date not null,
    position integer, flags usmallint not null, view_seconds float, swipes integer, show_no smallint not null, session_depth integer, day_depth integer);

-- impression_rows with its flags apart
create view impressions as
select impression_id, user_id, card_id, shown_at_ms, day, ((flags >> 6) & 31)::tinyint as hour, nullif(flags >> 11, 0)::tinyint as dt, position, (flags & 1) > 0 as clicked, (flags & 2) > 0 as liked, (flags & 4) > 0 as commented,
    (flags & 8) > 0 as shared, (flags & 16) > 0 as viewed_comments, (flags & 32) > 0 as visited_creator, view_seconds, swipes, show_no, session_depth, day_depth
from impression_rows;

-- one row a swipe; impression_id is its parent's
create table swipe_rows (impression_id bigint not null, user_id integer not null, swipe_no smallint not null, card_id integer not null,
    swiped_at_ms bigint, position integer, flags utinyint not null, view_seconds float);

create view swipes as
select impression_id, user_id, swipe_no, card_id, swiped_at_ms, position, (flags & 2) > 0 as liked, (flags & 4) > 0 as commented, (flags & 8) > 0 as shared,
    (flags & 16) > 0 as viewed_comments, (flags & 32) > 0 as visited_creator, view_seconds
from swipe_rows;

-- one row a session of a user: impressions with no gap over 30 minutes between neighbours; day and hour are of its start
create table sessions (load_id usmallint not null, user_id integer not null, day date not null, hour tinyint not null, started_at_ms bigint not null, seconds integer not null,
    impressions integer not null, clicks integer not null, depth integer, view_seconds float not null);

-- one row a user and local day (and load: a day split over two loads has two rows). view_seconds sums what is not null;
-- position_sum over rows with a position; repeats are rows with show_no > 1
create table user_days (load_id usmallint not null, user_id integer not null, day date not null, impressions integer not null, clicks integer not null,
    likes integer not null, comments integer not null, shares integer not null, comment_views integer not null, creator_visits integer not null,
    view_seconds float not null, position_sum bigint, depth integer, sessions integer not null, repeats integer not null, repeat_clicks integer not null,
    swipes integer not null, swipe_likes integer not null, swipe_view_seconds float not null);

-- one row a user with impressions: user_days summed over all days
create table user_totals (user_id integer not null, impressions integer not null, clicks integer not null,
    likes integer not null, comments integer not null, shares integer not null, comment_views integer not null, creator_visits integer not null,
    view_seconds double not null, position_sum bigint, sessions integer not null, days_active smallint not null, repeats integer not null, repeat_clicks integer not null,
    swipes integer not null, swipe_likes integer not null, swipe_view_seconds double not null, first_day date not null, last_day date not null);

-- one row a card and day, counted over all users of the app
create table card_days (load_id usmallint not null, card_id integer not null, day date not null, impressions integer not null, clicks integer not null,
    likes integer not null, comments integer not null, shares integer not null, comment_views integer not null, creator_visits integer not null, creator_follows integer not null);

-- one row a creator and day
create table creator_days (load_id usmallint not null, creator_id integer not null, day date not null, published integer not null);
