-- takes out what the live log said of cards that load $1 lists
delete from live_traits where card_id in (select card_id from cards where listed and load_id = $1);
