-- what one append tells the engine of: users whose rows change, those deleted up to a time, those of whom something was said, cards likewise, rows that go, and what card days gain
create or replace temp table live_touched (user_id integer not null);
create or replace temp table live_gone_users (user_id integer not null, at_ms bigint not null);
create or replace temp table live_spoken_users (user_id integer not null);
create or replace temp table live_spoken_cards (card_id integer not null);
create or replace temp table live_gone_impressions (impression_id bigint not null);
create or replace temp table live_gone_sessions (user_id integer not null, started_at_ms bigint not null);
create or replace temp table live_gone_days (user_id integer not null, day date not null);
create or replace temp table live_gone_follows (user_id integer not null, card_id integer not null);
create or replace temp table live_card_days (card_id integer not null, day date not null, impressions integer not null, clicks integer not null,
    likes integer not null, comments integer not null, shares integer not null, comment_views integer not null, creator_visits integer not null, creator_follows integer not null);
